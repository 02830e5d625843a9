// SPDX-License-Identifier: GPL-2.0-only
// Sockets as the scenarios use them. Every blocking call has a deadline; failures are exceptions.
#pragma once

#include <cstdint>

#include "lib/address.h"
#include "lib/counters.h"
#include "lib/fd.h"

namespace guest {

constexpr std::size_t ethernet_header = 14;
constexpr std::size_t udp_header = 8;
constexpr std::size_t tcp_header = 32;     // with timestamps
constexpr std::size_t tcp_syn_options = 8; // what a SYN has more: MSS, window scale, SACK permitted

constexpr std::size_t ip_header(Family family) {
    return family == Family::v4 ? 20 : 40;
}
constexpr std::size_t udp_overhead(Family family) {
    return ethernet_header + ip_header(family) + udp_header;
}
constexpr std::size_t tcp_overhead(Family family) {
    return ethernet_header + ip_header(family) + tcp_header;
}
// What so many unfragmented datagrams are on Ethernet.
constexpr Flow datagrams(Family family, std::uint64_t count, std::uint64_t size) {
    return {count, count * (size + udp_overhead(family))};
}
// What the listener's socket sees of one handshake: SYN and third ACK in, SYN-ACK out.
constexpr Traffic accepted_handshake(Family family) {
    return {{1, tcp_overhead(family) + tcp_syn_options},
            {2, 2 * tcp_overhead(family) + tcp_syn_options}};
}

void set_option(const Fd& socket, int level, int option, int value);

Fd udp_socket(Family family);
Fd udp_bound(const Address& address, bool reuse_port = false);
Fd udp_connected(const Address& peer);
// One datagram of so many bytes, so many times.
void send_to(const Fd& socket, const Address& to, std::size_t size, unsigned times = 1);
void send_connected(const Fd& socket, std::size_t size, unsigned times = 1);
// Returns the payload received.
std::uint64_t receive(const Fd& socket, unsigned times = 1);
// Receives until a datagram of one byte, which is not counted.
unsigned receive_until_end(const Fd& socket);
// Answers a datagram with one of the same size.
void echo(const Fd& socket, unsigned times = 1);

Fd tcp_listener(const Address& address, bool reuse_port = false, int protocol = 0);
Fd tcp_accept(const Fd& listener);
Fd tcp_connected(const Address& peer, int protocol = 0);
void write_stream(const Fd& socket, std::size_t size);
// Reads so many bytes, or up to the end; returns what was read.
std::uint64_t read_stream(const Fd& socket, std::uint64_t size);
std::uint64_t read_to_end(const Fd& socket);
void finish_writing(const Fd& socket);

// What the kernel's own socket counted (the figures that ss -tin shows).
struct TcpTally {
    std::uint64_t segments_out;
    std::uint64_t segments_in;
    std::uint64_t bytes_sent; // payload, retransmissions included
    std::uint64_t bytes_received;
    std::uint64_t retransmitted;
    std::uint64_t duplicates;
    std::uint64_t reordered; // received out of order
    std::uint64_t rtt_us;
};
TcpTally tally(const Fd& socket);
// Nothing was sent again or overtook: otherwise there are packets, and options for selective
// acknowledgements, that no arithmetic knows.
bool smooth(const TcpTally& client, const TcpTally& server);

// The kernel's own name for a socket.
std::uint64_t cookie_of(const Fd& socket);

// Passes a descriptor over a UNIX socket.
void pass_descriptor(int channel, const Fd& descriptor);
Fd take_descriptor(int channel);

} // namespace guest
