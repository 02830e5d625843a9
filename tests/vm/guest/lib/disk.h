// SPDX-License-Identifier: GPL-2.0-only
// The other ends of sockets that a part of the kernel takes over: servers of a block device and of
// a file system, as small as the kernel accepts them.
#pragma once

#include <cstdint>

#include "lib/fd.h"

namespace guest {

constexpr std::uint64_t disk_size = 1 << 20;

// Serves a connection of nbd, an empty disk, until it ends.
void serve_nbd(const Fd& connection);
// Hands a connection to /dev/nbd0, by netlink, in the initial network namespace.
void hand_to_nbd(const Fd& netlink, const Fd& connection);
void disconnect_nbd(const Fd& netlink);
// The socket that these two want.
Fd generic_netlink();
// Hands it over by ioctl; returns when the disk is disconnected.
void run_nbd(const Fd& connection);
void stop_nbd();
// Reads and writes so many pieces of 64 KB of the disk, past all caches.
void use_nbd(unsigned pieces);

// Serves a connection of 9P2000.L, an empty directory, until it ends.
void serve_9p(const Fd& connection);

// A call of NFS that does nothing, over a connection or as a datagram; waits for the answer.
void call_nfs_stream(const Fd& connection);
void call_nfs_datagram(const Fd& socket);

} // namespace guest
