// SPDX-License-Identifier: GPL-2.0-only
// Frames that no honest peer sends: any source and port, wrong lengths, odd fragments, options and
// chains of extension headers, cut off anywhere.
#include "roles.h"

#include <linux/if_tun.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "lib/packet.h"
#include "net.h"

namespace stress {

namespace {

using Frame = guest::Bytes;
using guest::put16;
using guest::put_address;

constexpr std::uint8_t extensions[] = {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS,
                                       IPPROTO_FRAGMENT};

void append_random(Turns& turns, Frame& frame, std::size_t size) {
    for (std::size_t i = 0; i < size; i++)
        frame.push_back(static_cast<std::uint8_t>(turns.random(256)));
}

std::uint8_t some_protocol(Turns& turns) {
    constexpr std::uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6};
    return protocols[turns.random(turns.random(4) ? 2 : 4)];
}

// Ports that are mostly those of the servers, a length that is mostly right.
void append_transport(Turns& turns, Frame& frame) {
    const std::size_t start = frame.size();
    append_random(turns, frame, 20 + turns.random(200));
    if (turns.random(4))
        put16(frame, start + 2, turns.random(2) ? echo_port : service_port);
    if (turns.random(4))
        put16(frame, start + 4, static_cast<unsigned>(frame.size() - start));
    put16(frame, start + 6, 0); // no UDP checksum
}

Frame ipv4_frame(Turns& turns, const Side& to) {
    const std::size_t words = turns.random(4) ? 5 : 5 + turns.random(11);
    Frame frame(20, 0);
    frame[0] = static_cast<std::uint8_t>(0x40 | words);
    put16(frame, 4, turns.random(16)); // few identifications, so that fragments meet
    if (turns.random(3) == 0)
        put16(frame, 6, (turns.random(2) << 13) | turns.random(8));
    frame[8] = 64;
    frame[9] = some_protocol(turns);
    frame[12] = 10;
    for (std::size_t i = 13; i < 16; i++)
        frame[i] = static_cast<std::uint8_t>(turns.random(turns.random(2) ? 3 : 256));
    put_address(frame, 16, to.v4);
    frame.resize(4 * words, 1); // options that do nothing
    append_transport(turns, frame);
    put16(frame, 2, static_cast<unsigned>(frame.size() - (turns.random(8) == 0)));
    guest::correct_checksum(frame);
    return frame;
}

Frame ipv6_frame(Turns& turns, const Side& to) {
    Frame frame(40, 0);
    frame[0] = 0x60;
    frame[7] = 64;
    frame[8] = 0xfd;
    frame[23] = static_cast<std::uint8_t>(turns.random(256));
    put_address(frame, 24, to.v6);
    std::size_t next = 6; // where the type of the next header is named
    for (unsigned chain = turns.random(4); chain > 0; chain--) {
        const auto type = extensions[turns.random(4)];
        const std::size_t start = frame.size();
        frame[next] = type;
        next = start;
        frame.insert(frame.end(), {0, 0, 1, 4, 0, 0, 0, 0});
        if (type == IPPROTO_FRAGMENT) {
            put16(frame, start + 2, turns.random(4) << 3 | turns.random(2));
            frame[start + 7] = static_cast<std::uint8_t>(turns.random(16));
        }
    }
    frame[next] = some_protocol(turns);
    append_transport(turns, frame);
    put16(frame, 4, static_cast<unsigned>(frame.size() - 40 - (turns.random(8) == 0)));
    return frame;
}

void annoy(Turns& turns, const Side& from, const Side& to) {
    const guest::PacketSocket v4(from, Family::v4);
    const guest::PacketSocket v6(from, Family::v6);
    while (turns.next()) {
        const bool older = turns.random(2) != 0;
        Frame frame = older ? ipv4_frame(turns, to) : ipv6_frame(turns, to);
        if (turns.random(16) == 0)
            frame.resize(turns.random(static_cast<unsigned>(frame.size())) + 1);
        (older ? v4 : v6).send(frame);
    }
}

// What a virtual machine says of a packet that its host shall cut into segments, or of which it
// shall make the checksum (struct virtio_net_hdr, Virtio 1.1, 5.1.6).
struct Offload {
    std::uint8_t flags;
    std::uint8_t kind;
    std::uint16_t headers;
    std::uint16_t segment;
    std::uint16_t checksum_start;
    std::uint16_t checksum_offset;
};

constexpr std::uint8_t needs_checksum = 1;
constexpr std::uint8_t no_segments = 0, tcp_v4 = 1, udp_fragments = 3, tcp_v6 = 4, udp_segments = 5;

// Mostly something that can be true.
Offload some_offload(Turns& turns, bool v4) {
    const std::uint8_t kinds[] = {no_segments, v4 ? tcp_v4 : tcp_v6, udp_fragments, udp_segments};
    const auto below = [&](unsigned limit) {
        return static_cast<std::uint16_t>(turns.random(limit));
    };
    const std::uint16_t header = v4 ? 20 : 40;
    Offload offload{};
    offload.flags = turns.random(8) ? needs_checksum : 0;
    offload.kind = turns.random(16) ? kinds[below(4)] : static_cast<std::uint8_t>(below(256));
    offload.headers = static_cast<std::uint16_t>(header + below(40));
    offload.segment = below(turns.random(4) ? 300 : 65536);
    offload.checksum_start = turns.random(8) ? header : below(300);
    offload.checksum_offset = turns.random(2) ? 16 : 6;
    return offload;
}

// Where allocations of the module fail at random, one of a new namespace may.
Side side_of_its_own() {
    for (unsigned tries = 1;; tries++) {
        try {
            return Side{};
        } catch (const std::exception&) {
            if (tries == 100)
                throw;
        }
    }
}

// As the host of a virtual machine gets them.
void claim_segments(Turns& turns) {
    Side self = side_of_its_own();
    self.v4 = Address("10.6.0.2", 0);
    self.v6 = Address("fd06::2", 0);
    const Fd tunnel = guest::open_tunnel(self.ns, IFF_VNET_HDR);
    guest::number_tunnel(self.ns, 2);
    self.ns.enter();
    std::vector<Fd> sockets;
    for (const Family family : families) {
        sockets.push_back(listening(self.at(family, echo_port), SOCK_DGRAM));
        sockets.push_back(listening(self.at(family, service_port), SOCK_STREAM));
    }
    while (turns.next()) {
        const bool v4 = turns.random(2) != 0;
        const auto offload = some_offload(turns, v4);
        const auto* start = reinterpret_cast<const std::uint8_t*>(&offload);
        Frame packet(start, start + sizeof(offload));
        const Frame frame = v4 ? ipv4_frame(turns, self) : ipv6_frame(turns, self);
        packet.insert(packet.end(), frame.begin(), frame.end());
        [[maybe_unused]] const auto written = ::write(tunnel.get(), packet.data(), packet.size());
        for (const Fd& socket : sockets)
            receive_some(socket, 2000, MSG_DONTWAIT);
    }
}

} // namespace

Roles stranger_roles(const Stage& stage) {
    return {{"stranger", [&](Turns& turns) { annoy(turns, stage.steady.a, stage.steady.b); }},
            {"claimant", claim_segments}};
}

} // namespace stress
