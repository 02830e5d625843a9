// SPDX-License-Identifier: GPL-2.0-only
#include "lib/ctl.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>

#include "lib/module.h"

namespace guest {

namespace {

void take_records(Channel& channel) {
    const Ctl ctl;
    for (;;) {
        netpertask record{};
        socklen_t size = sizeof(record);
        const int error = ctl.call(NETATOP_GETCNT_EXIT, &record, &size);
        if (error == EINTR)
            continue;
        if (error)
            fail("GETCNT_EXIT", error);
        channel.send(record);
    }
}

} // namespace

Ctl::Ctl()
    : socket_(check(::socket(PF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW), "raw socket")) {}

int Ctl::call(int command, void* value, socklen_t* size) const {
    return ::getsockopt(socket_.get(), SOL_IP, command, value, size) == 0 ? 0 : errno;
}

int Ctl::call(int command) const {
    socklen_t none = 0;
    return call(command, nullptr, &none);
}

int Ctl::force_gc() const {
    return call(NETATOP_FORCE_GC);
}

std::optional<netpertask> Ctl::query(int command, pid_t id) const {
    netpertask task{};
    task.id = id;
    socklen_t size = sizeof(task);
    const int error = call(command, &task, &size);
    if (error == ESRCH)
        return {};
    if (error)
        fail("getsockopt " + std::to_string(command), error);
    return task;
}

std::optional<netpertask> Ctl::process(pid_t id) const {
    return query(NETATOP_GETCNT_TGID, id);
}
std::optional<netpertask> Ctl::thread(pid_t id) const {
    return query(NETATOP_GETCNT_PID, id);
}

Counters Ctl::process_counters(pid_t id) const {
    const auto task = process(id);
    return task ? counters_of(*task) : Counters{};
}

Counters Ctl::thread_counters(pid_t id) const {
    const auto task = thread(id);
    return task ? counters_of(*task) : Counters{};
}

ExitReader::ExitReader() : helper_(nullptr, take_records) {}

void ExitReader::collect() {
    while (helper_.channel().ready(sizeof(netpertask)))
        taken_.push_back(helper_.receive<netpertask>());
}

std::vector<netpertask> ExitReader::drain() {
    if (const int error = ctl_.force_gc())
        fail("FORCE_GC", error);
    // A reader that has not asked yet is none to wait for: look whether the queue is really empty.
    const bool empty = eventually([&] {
        return ctl_.call(NETATOP_EMPTY_EXIT) == 0 &&
               module::Status::read().number("#taskexit") == 0;
    });
    if (!empty)
        throw std::runtime_error("exit records stay in the queue");
    collect();
    return std::exchange(taken_, {});
}

std::optional<netpertask> ExitReader::await(pid_t id, milliseconds limit) {
    std::optional<netpertask> found;
    eventually(
        [&] {
            collect();
            const auto it = std::find_if(taken_.begin(), taken_.end(),
                                         [&](const netpertask& record) { return record.id == id; });
            if (it != taken_.end())
                found = *it;
            return found.has_value();
        },
        limit);
    return found;
}

} // namespace guest
