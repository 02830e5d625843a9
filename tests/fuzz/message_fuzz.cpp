// SPDX-License-Identifier: GPL-2.0-only
// Any bytes as a datagram of the kernel, and what a hostile name becomes in output.
#include "client.h"
#include "json.h"
#include "rows.h"
#include "text.h"
#include "workload.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

using namespace netatop;

void require(bool condition, const char* what) {
    if (condition)
        return;
    std::fprintf(stderr, "message_fuzz: %s\n", what);
    std::abort();
}

void look_at(const std::string& name) {
    for (const char byte : json_string(name) + harmless(name))
        require(byte >= 0x20 && byte < 0x7f, "output is harmless");
    for (const char byte : csv_field(name))
        require(static_cast<unsigned char>(byte) >= 0x20 && byte != 0x7f, "CSV has one line");
    require(fitted(harmless(name), 15).size() == 15, "a column has its width");
    (void)workload_of(name);
}

void parse(const nlmsghdr& message) {
    if (const auto task = parse_task(message)) {
        require(task->tgid != 0, "a task has a number");
        require(task->name.find('\0') == std::string::npos, "a name has an end");
        look_at(task->name);
    }
    if (const auto closed = parse_closed(message)) {
        require(closed->socket.cookie != 0, "a socket has a cookie");
        look_at(closed->owner.name + closed->local.text() + closed->remote.text());
    }
    if (const auto cgroup = parse_cgroup(message))
        require(cgroup->id != 0, "a cgroup has a number");
    if (const auto family = parse_family(message))
        require(family->id != 0, "a family has a number");
    if (const auto answer = parse_answer(message))
        look_at(answer->text);
    (void)step_of(message, command_of(message).value_or(0));
}

// The bytes in two datagrams, on a socket that has nothing else to say.
void receive(const std::uint8_t* data, std::size_t size) {
    int ends[2];
    require(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "a socket");
    const Descriptor far(ends[1]);
    auto socket = NetlinkSocket::open(
        [&](const Groups&) -> Result<Descriptor> { return Descriptor(ends[0]); });
    for (const auto& [begin, end] :
         {std::pair(std::size_t{0}, size / 2), std::pair(size / 2, size)})
        if (end > begin)
            require(::send(far.get(), data + begin, end - begin, 0) >= 0, "it is sent");
    std::size_t taken = 0;
    for (;;) {
        const auto message = socket->next(false);
        if (!message)
            continue; // a damaged one: the next datagram may be whole
        if (*message == nullptr)
            break;
        taken += (*message)->nlmsg_len;
        require(taken <= size, "no more than was sent");
        parse(**message);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    receive(data, size);
    // As one message, whose length is right.
    std::vector<nlmsghdr> buffer((size + 2 * sizeof(nlmsghdr) - 1) / sizeof(nlmsghdr));
    nlmsghdr& message = buffer[0];
    if (size > 0)
        std::memcpy(&message, data, std::min(size, sizeof message));
    if (size > sizeof message)
        std::memcpy(&buffer[1], data + sizeof message, size - sizeof message);
    message.nlmsg_len = static_cast<std::uint32_t>(std::max(size, sizeof message));
    parse(message);
    return 0;
}
