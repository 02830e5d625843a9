// SPDX-License-Identifier: GPL-2.0-only
// BPF programs that choose the socket of a packet. Those that have state count their runs in a map,
// and take turns.
#pragma once

#include <cstdint>
#include <linux/filter.h>
#include <vector>

#include "lib/fd.h"
#include "lib/namespace.h"

namespace guest::bpf {

// A number that programs count up.
class Counter {
public:
    Counter();
    std::uint64_t value() const;
    int fd() const { return map_.get(); }

private:
    Fd map_;
};

// Sockets, by number.
class Sockets {
public:
    explicit Sockets(unsigned size);
    void set(unsigned index, int socket) const;
    int fd() const { return map_.get(); }

private:
    Fd map_;
};

// For a group of so many sockets: the next one for each packet.
Fd round_robin(const Counter& counter, unsigned members);
// For a namespace: packets for a port go to two sockets in turn.
Fd round_robin_lookup(const Counter& counter, const Sockets& sockets, std::uint16_t port);

// For the group that a socket belongs to.
void attach_classic(const Fd& socket, std::vector<sock_filter> code);
void attach(const Fd& socket, const Fd& program);
// For a namespace, as long as the descriptor is open.
Fd attach_lookup(const Namespace& ns, const Fd& program);

} // namespace guest::bpf
