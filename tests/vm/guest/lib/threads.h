// SPDX-License-Identifier: GPL-2.0-only
// Threads, and what the kernel tells of them.
#pragma once

#include <sys/types.h>

namespace guest {

pid_t own_tid();

// The module uses no tracepoints there.
bool is_real_time_kernel();

// Does the kernel tell the module who receives a datagram, not only who receives from a connection?
bool tells_receivers_of_datagrams();

} // namespace guest
