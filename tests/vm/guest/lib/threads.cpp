// SPDX-License-Identifier: GPL-2.0-only
#include "lib/threads.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "lib/command.h"

namespace guest {

pid_t own_tid() {
    return static_cast<pid_t>(::syscall(SYS_gettid));
}

bool is_real_time_kernel() {
    return read_file("/proc/version").find(" PREEMPT_RT ") != std::string::npos;
}

bool tells_receivers_of_datagrams() {
    return read_file("/proc/kallsyms").find(" __tracepoint_sock_recv_length") != std::string::npos;
}

} // namespace guest
