// SPDX-License-Identifier: GPL-2.0-only
// Packets made byte by byte, and the ways by which they reach a stack without one having sent them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/if_packet.h>
#include <vector>

#include "lib/pair.h"

namespace guest {

using Bytes = std::vector<std::uint8_t>;

Bytes operator+(Bytes some, const Bytes& more);
void put16(Bytes& bytes, std::size_t at, unsigned value);
void put_address(Bytes& bytes, std::size_t at, const Address& address);

struct Ends {
    Address from;
    Address to;
};

// A payload behind a network header that is right in every field and has no options.
Bytes ip_packet(const Ends& ends, int protocol, const Bytes& payload);
// After a change of an IPv4 header.
void correct_checksum(Bytes& packet);

// From and to the ports of the ends, checksums included.
Bytes udp_packet(const Ends& ends, std::size_t size);
Bytes tcp_packet(const Ends& ends, std::uint8_t flags);

constexpr std::size_t fragment_header = 8; // of IPv6
constexpr unsigned more_fragments = 1;

// A part of a datagram, from a byte on. The flag says whether more follow.
struct Fragment {
    unsigned id;
    unsigned at;
    unsigned flag;
    int protocol = IPPROTO_UDP;
};
Bytes fragment(const Ends& ends, const Fragment& fragment, const Bytes& part);

// Puts packets on the way from side a of a pair to side b.
class PacketSocket {
public:
    PacketSocket(const Side& from, Family family);
    // Did the device take it? If not, errno says why.
    bool send(const Bytes& packet) const;

private:
    Fd socket_;
    sockaddr_ll peer_{};
};

// A new device t0, up to now without address: what is written to the descriptor was received by it.
// flags: IFF_* of tun besides those for bare packets.
Fd open_tunnel(const Namespace& ns, short flags = 0);
// Brings it up with 10.6.0.N and fd06::N.
void number_tunnel(const Namespace& ns, unsigned number);

} // namespace guest
