// SPDX-License-Identifier: GPL-2.0-only
#include "ended.h"

namespace netatop {

Ended ended(const netpertask& task, std::optional<std::int64_t> seen) {
    Ended process;
    process.pid = static_cast<std::uint32_t>(task.id);
    process.name = static_cast<const char*>(task.command);
    process.started = task.btime;
    process.exited = seen;
    process.counters = {{task.tcpsndpacks, task.tcpsndbytes},
                        {task.tcprcvpacks, task.tcprcvbytes},
                        {task.udpsndpacks, task.udpsndbytes},
                        {task.udprcvpacks, task.udprcvbytes}};
    return process;
}

} // namespace netatop
