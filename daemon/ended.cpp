// SPDX-License-Identifier: GPL-2.0-only
#include "ended.h"

namespace netatop {

namespace {

void add_tail(Ended& process, const LogTail& tail) {
    process.exited = tail.exited;
    process.uid = tail.uid;
    if (tail.parent != 0)
        process.parent = tail.parent;
    if (tail.netns != 0)
        process.netns = tail.netns;
    if (tail.cgroup != 0)
        process.cgroup = tail.cgroup;
    process.path = tail.path.data();
    const auto& part = tail.loopback;
    process.counters.loopback_tcp_sent = {part[0], part[1]};
    process.counters.loopback_tcp_received = {part[2], part[3]};
    process.counters.loopback_udp_sent = {part[4], part[5]};
    process.counters.loopback_udp_received = {part[6], part[7]};
    process.has_loopback = true;
}

} // namespace

Ended ended(const LogRecord& record, std::optional<std::int64_t> seen) {
    const netpertask& task = record.task;
    Ended process;
    process.pid = static_cast<std::uint32_t>(task.id);
    process.name = static_cast<const char*>(task.command);
    process.started = task.btime;
    process.exited = seen;
    process.counters = {{task.tcpsndpacks, task.tcpsndbytes},
                        {task.tcprcvpacks, task.tcprcvbytes},
                        {task.udpsndpacks, task.udpsndbytes},
                        {task.udprcvpacks, task.udprcvbytes}};
    if (record.tail.known == LogTail::knows_all)
        add_tail(process, record.tail);
    return process;
}

} // namespace netatop
