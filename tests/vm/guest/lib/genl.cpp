// SPDX-License-Identifier: GPL-2.0-only
#include "lib/genl.h"

#include <algorithm>
#include <cstring>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "lib/wait.h"
#include "uapi/netatop_netlink.h"

namespace guest {

namespace {

using Bytes = std::vector<std::uint8_t>;

void append(Bytes& to, const void* data, std::size_t size) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    to.insert(to.end(), bytes, bytes + size);
    to.resize(NLMSG_ALIGN(to.size()));
}

template <class T>
T number_in(const Bytes& value) {
    T number{};
    if (value.size() < sizeof(number))
        fail("an attribute is too short", EBADMSG);
    std::memcpy(&number, value.data(), sizeof(number));
    return number;
}

std::vector<GenlAttribute> attributes_in(const std::uint8_t* data, std::size_t size) {
    std::vector<GenlAttribute> found;
    while (size >= sizeof(nlattr)) {
        nlattr header{};
        std::memcpy(&header, data, sizeof(header));
        if (header.nla_len < sizeof(header) || header.nla_len > size)
            fail("an attribute is longer than its message", EBADMSG);
        found.push_back({static_cast<std::uint16_t>(header.nla_type & NLA_TYPE_MASK),
                         Bytes(data + sizeof(header), data + header.nla_len)});
        const auto step = std::min<std::size_t>(NLA_ALIGN(header.nla_len), size);
        data += step;
        size -= step;
    }
    return found;
}

std::string text_in(const Bytes& value) {
    return {value.begin(), std::find(value.begin(), value.end(), 0)};
}

Counters counters_in(const Bytes& value) {
    const auto c = number_in<netatop_counters>(value);
    return {
        {{c.tcp_sent_packets, c.tcp_sent_bytes}, {c.tcp_received_packets, c.tcp_received_bytes}},
        {{c.udp_sent_packets, c.udp_sent_bytes}, {c.udp_received_packets, c.udp_received_bytes}}};
}

GenlTask task_in(const std::uint8_t* payload, std::size_t size) {
    GenlTask task;
    genlmsghdr header{};
    if (size < sizeof(header))
        fail("a message is too short", EBADMSG);
    std::memcpy(&header, payload, sizeof(header));
    task.command = header.cmd;
    for (const auto& [type, value] : attributes_in(payload + GENL_HDRLEN, size - GENL_HDRLEN)) {
        switch (type) {
        case NETATOP_A_TGID:
            task.tgid = number_in<std::uint32_t>(value);
            break;
        case NETATOP_A_PID:
            task.pid = number_in<std::uint32_t>(value);
            break;
        case NETATOP_A_START:
            task.start = number_in<std::uint64_t>(value);
            break;
        case NETATOP_A_END:
            task.end = number_in<std::uint64_t>(value);
            break;
        case NETATOP_A_COMM:
            task.comm = text_in(value);
            break;
        case NETATOP_A_UID:
            task.uid = number_in<std::uint32_t>(value);
            break;
        case NETATOP_A_CGROUP:
            task.cgroup = number_in<std::uint64_t>(value);
            break;
        case NETATOP_A_PARENT:
            task.parent = number_in<std::uint32_t>(value);
            break;
        case NETATOP_A_NETNS:
            task.netns = number_in<std::uint32_t>(value);
            break;
        case NETATOP_A_COUNTERS:
            task.counters = counters_in(value);
            break;
        case NETATOP_A_LOOPBACK:
            task.loopback = counters_in(value);
            break;
        case NETATOP_A_PAD:
            break;
        default:
            fail("attribute " + std::to_string(type) + " is not known", EBADMSG);
        }
    }
    return task;
}

// False when a socket has no such attribute.
bool take(GenlSock& sock, std::uint16_t type, const Bytes& value) {
    switch (type) {
    case NETATOP_A_COOKIE:
        sock.cookie = number_in<std::uint64_t>(value);
        return true;
    case NETATOP_A_PROTOCOL:
        sock.protocol = number_in<std::uint32_t>(value);
        return true;
    case NETATOP_A_FAMILY:
        sock.family = number_in<std::uint32_t>(value);
        return true;
    case NETATOP_A_NETNS:
        sock.netns = number_in<std::uint32_t>(value);
        return true;
    case NETATOP_A_CLASS:
        sock.owner_class = number_in<std::uint32_t>(value);
        return true;
    case NETATOP_A_TGID:
        sock.tgid = number_in<std::uint32_t>(value);
        return true;
    case NETATOP_A_PID:
        sock.pid = number_in<std::uint32_t>(value);
        return true;
    case NETATOP_A_START:
        sock.start = number_in<std::uint64_t>(value);
        return true;
    case NETATOP_A_COUNTERS:
        sock.counters = counters_in(value);
        return true;
    case NETATOP_A_LOOPBACK:
        sock.loopback = counters_in(value);
        return true;
    default:
        return type == NETATOP_A_PAD;
    }
}

// Likewise of one that closed.
bool take(GenlClosed& sock, std::uint16_t type, const Bytes& value) {
    switch (type) {
    case NETATOP_A_END:
        sock.end = number_in<std::uint64_t>(value);
        return true;
    case NETATOP_A_COMM:
        sock.comm = text_in(value);
        return true;
    case NETATOP_A_UID:
        sock.uid = number_in<std::uint32_t>(value);
        return true;
    case NETATOP_A_CGROUP:
        sock.cgroup = number_in<std::uint64_t>(value);
        return true;
    case NETATOP_A_LOCAL:
        sock.local = value;
        return true;
    case NETATOP_A_LOCAL_PORT:
        sock.local_port = number_in<std::uint32_t>(value);
        return true;
    case NETATOP_A_REMOTE:
        sock.remote = value;
        return true;
    case NETATOP_A_REMOTE_PORT:
        sock.remote_port = number_in<std::uint32_t>(value);
        return true;
    default:
        return take(static_cast<GenlSock&>(sock), type, value);
    }
}

template <class Sock>
Sock sock_in(const std::uint8_t* payload, std::size_t size) {
    Sock sock;
    if (size < GENL_HDRLEN)
        fail("a message is too short", EBADMSG);
    for (const auto& [type, value] : attributes_in(payload + GENL_HDRLEN, size - GENL_HDRLEN))
        if (!take(sock, type, value))
            fail("attribute " + std::to_string(type) + " is not known", EBADMSG);
    return sock;
}

// The counters in a nest, in all or over loopback.
Counters nested_counters(const Bytes& nest, std::uint16_t which) {
    for (const auto& [type, value] : attributes_in(nest.data(), nest.size()))
        if (type == which)
            return counters_in(value);
    return {};
}

GenlSums sums_in(const std::uint8_t* payload, std::size_t size) {
    GenlSums sums;
    for (const auto& [type, value] : attributes_in(payload + GENL_HDRLEN, size - GENL_HDRLEN)) {
        if (type == NETATOP_A_COUNTERS)
            sums.counters = counters_in(value);
        else if (type == NETATOP_A_LOOPBACK)
            sums.loopback = counters_in(value);
        else if ((type >= NETATOP_A_WAITING && type <= NETATOP_A_EXITED) ||
                 type == NETATOP_A_ENDED_BELOW || type == NETATOP_A_NOCGROUP) {
            sums.parts[type] = nested_counters(value, NETATOP_A_COUNTERS);
            sums.parts_loopback[type] = nested_counters(value, NETATOP_A_LOOPBACK);
        } else if (type == NETATOP_A_PATH)
            sums.path.assign(value.begin(), value.end());
        else if (type != NETATOP_A_PAD)
            sums.numbers[type] = number_in<std::uint64_t>(value);
    }
    return sums;
}

// One datagram from the kernel, which is never larger.
Bytes datagram(const Fd& socket) {
    pollfd ready{socket.get(), POLLIN, 0};
    if (check(::poll(&ready, 1, static_cast<int>(patience.count())), "poll") == 0)
        fail("no answer from netlink", ETIMEDOUT);
    Bytes buffer(64 * 1024);
    buffer.resize(check(::recv(socket.get(), buffer.data(), buffer.size(), 0), "recv"));
    return buffer;
}

template <class Visit>
void each_message(const Bytes& datagram, Visit visit) {
    std::size_t offset = 0;
    while (offset + sizeof(nlmsghdr) <= datagram.size()) {
        nlmsghdr header{};
        std::memcpy(&header, datagram.data() + offset, sizeof(header));
        if (header.nlmsg_len < sizeof(header) || offset + header.nlmsg_len > datagram.size())
            fail("a message is longer than its datagram", EBADMSG);
        visit(header, datagram.data() + offset + NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
        offset += NLMSG_ALIGN(header.nlmsg_len);
    }
}

// What an NLMSG_ERROR or NLMSG_DONE says.
int error_in(const std::uint8_t* payload, std::size_t size) {
    int error = 0;
    if (size >= sizeof(error))
        std::memcpy(&error, payload, sizeof(error));
    return -error;
}

} // namespace

Counters GenlSums::part(std::uint16_t type) const {
    const auto found = parts.find(type);
    return found == parts.end() ? Counters{} : found->second;
}

Counters GenlSums::part_loopback(std::uint16_t type) const {
    const auto found = parts_loopback.find(type);
    return found == parts_loopback.end() ? Counters{} : found->second;
}

std::uint64_t GenlSums::number(std::uint16_t type) const {
    return numbers.at(type);
}

GenlAttribute GenlAttribute::number(std::uint16_t type, std::uint32_t value) {
    GenlAttribute attribute{type, Bytes(sizeof(value))};
    std::memcpy(attribute.value.data(), &value, sizeof(value));
    return attribute;
}

GenlAttribute GenlAttribute::number64(std::uint16_t type, std::uint64_t value) {
    GenlAttribute attribute{type, Bytes(sizeof(value))};
    std::memcpy(attribute.value.data(), &value, sizeof(value));
    return attribute;
}

Genl::Genl()
    : socket_(check(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), "socket")) {
    find_family();
}

void Genl::send(std::uint16_t type, std::uint16_t flags, std::uint8_t command,
                const std::vector<GenlAttribute>& attributes) {
    nlmsghdr header{0, type, flags, ++sequence_, 0};
    const genlmsghdr generic{command, 1, 0};
    Bytes message;
    append(message, &header, sizeof(header));
    append(message, &generic, sizeof(generic));
    for (const auto& [kind, value] : attributes) {
        const nlattr attribute{static_cast<std::uint16_t>(NLA_HDRLEN + value.size()), kind};
        append(message, &attribute, sizeof(attribute));
        append(message, value.data(), value.size());
    }
    header.nlmsg_len = static_cast<std::uint32_t>(message.size());
    std::memcpy(message.data(), &header, sizeof(header));
    check(::send(socket_.get(), message.data(), message.size(), 0), "send");
}

void Genl::find_family() {
    static const std::string name = NETATOP_GENL_NAME;
    GenlAttribute wanted{CTRL_ATTR_FAMILY_NAME, Bytes(name.begin(), name.end())};
    wanted.value.push_back(0);
    send(GENL_ID_CTRL, NLM_F_REQUEST, CTRL_CMD_GETFAMILY, {wanted});
    each_message(datagram(socket_), [&](const nlmsghdr& header, const std::uint8_t* payload,
                                        std::size_t size) {
        if (header.nlmsg_type == NLMSG_ERROR)
            fail("the family netatop", error_in(payload, size));
        for (const auto& [type, value] : attributes_in(payload + GENL_HDRLEN, size - GENL_HDRLEN)) {
            if (type == CTRL_ATTR_FAMILY_ID)
                family_ = number_in<std::uint16_t>(value);
            if (type != CTRL_ATTR_MCAST_GROUPS)
                continue;
            for (const auto& group : attributes_in(value.data(), value.size())) {
                std::pair<std::string, std::uint32_t> entry;
                for (const auto& [what, data] :
                     attributes_in(group.value.data(), group.value.size())) {
                    if (what == CTRL_ATTR_MCAST_GRP_NAME)
                        entry.first = text_in(data);
                    if (what == CTRL_ATTR_MCAST_GRP_ID)
                        entry.second = number_in<std::uint32_t>(data);
                }
                groups_.push_back(entry);
            }
        }
    });
}

void Genl::ask(std::uint8_t command, const std::vector<GenlAttribute>& attributes, bool dump) {
    const auto flags = static_cast<std::uint16_t>(NLM_F_REQUEST | (dump ? NLM_F_DUMP : NLM_F_ACK));
    send(family_, flags, command, attributes);
    error_ = 0;
}

template <class Take>
bool Genl::next_each(Take take) {
    bool more = true;
    each_message(datagram(socket_),
                 [&](const nlmsghdr& header, const std::uint8_t* payload, std::size_t size) {
                     if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE) {
                         error_ = error_in(payload, size);
                         more = false;
                     } else {
                         take(payload, size);
                     }
                 });
    return more;
}

bool Genl::next(std::vector<GenlTask>& into) {
    return next_each([&](const std::uint8_t* payload, std::size_t size) {
        into.push_back(task_in(payload, size));
    });
}

bool Genl::next(std::vector<GenlSock>& into) {
    return next_each([&](const std::uint8_t* payload, std::size_t size) {
        into.push_back(sock_in<GenlSock>(payload, size));
    });
}

bool Genl::next(std::vector<GenlSums>& into) {
    return next_each([&](const std::uint8_t* payload, std::size_t size) {
        into.push_back(sums_in(payload, size));
    });
}

std::vector<GenlSock> Genl::socks(const std::vector<GenlAttribute>& attributes) {
    std::vector<GenlSock> all;
    ask(NETATOP_CMD_GET_SOCK, attributes, true);
    while (next(all)) {
    }
    return all;
}

std::map<std::uint64_t, GenlSums> Genl::cgroups() {
    std::vector<GenlSums> all;
    ask(NETATOP_CMD_GET_CGROUP, {}, true);
    while (next(all)) {
    }
    std::map<std::uint64_t, GenlSums> by_id;
    for (auto& sums : all)
        by_id[sums.number(NETATOP_A_CGROUP)] = std::move(sums);
    return by_id;
}

std::vector<GenlTask> Genl::tasks(const std::vector<GenlAttribute>& attributes, bool dump) {
    std::vector<GenlTask> all;
    ask(NETATOP_CMD_GET_TASK, attributes, dump);
    while (next(all)) {
    }
    return all;
}

std::optional<GenlTask> Genl::process(pid_t tgid) {
    const auto found =
        tasks({GenlAttribute::number(NETATOP_A_TGID, static_cast<std::uint32_t>(tgid))}, false);
    return found.empty() ? std::nullopt : std::optional(found.front());
}

std::optional<GenlSums> Genl::total() {
    std::vector<GenlSums> found;
    ask(NETATOP_CMD_GET_TOTAL, {}, false);
    while (next(found)) {
    }
    return found.empty() ? std::nullopt : std::optional(found.front());
}

bool Genl::send_raw(std::vector<std::uint8_t> message) {
    if (message.size() >= sizeof(nlmsghdr))
        std::memcpy(message.data() + offsetof(nlmsghdr, nlmsg_type), &family_, sizeof(family_));
    const bool sent = ::send(socket_.get(), message.data(), message.size(), MSG_DONTWAIT) >= 0;
    Bytes answer(64 * 1024);
    while (::recv(socket_.get(), answer.data(), answer.size(), MSG_DONTWAIT) > 0) {
    }
    return sent;
}

int Genl::listen(const std::string& group) {
    for (const auto& [name, id] : groups_) {
        if (name != group)
            continue;
        return ::setsockopt(socket_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &id, sizeof(id)) ==
                       0
                   ? 0
                   : errno;
    }
    return ENOENT;
}

bool Genl::waiting() const {
    pollfd ready{socket_.get(), POLLIN, 0};
    return check(::poll(&ready, 1, 0), "poll") != 0;
}

std::optional<GenlTask> Genl::heard() {
    std::vector<GenlTask> all;
    next(all);
    return all.empty() ? std::nullopt : std::optional(all.front());
}

GenlClosed Genl::heard_closed() {
    GenlClosed closed;
    next_each([&](const std::uint8_t* payload, std::size_t size) {
        closed = sock_in<GenlClosed>(payload, size);
        closed.command = payload[offsetof(genlmsghdr, cmd)];
    });
    return closed;
}

int Genl::error_among_closed(unsigned messages) {
    try {
        for (unsigned i = 0; i < messages; i++)
            heard_closed();
    } catch (const std::system_error& caught) {
        return caught.code().value();
    }
    return 0;
}

void Genl::buffer(int size) const {
    check(::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), "SO_RCVBUF");
}

std::optional<GenlSums> Genl::heard_cgroup() {
    std::vector<GenlSums> all;
    next(all);
    return all.empty() ? std::nullopt : std::optional(all.front());
}

} // namespace guest
