// SPDX-License-Identifier: GPL-2.0-only
// What somebody carried: packets on the wire and their bytes, by protocol and direction.
#pragma once

#include <array>
#include <cstdint>

namespace netatop {

struct Flow {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;

    Flow& operator+=(const Flow& other) {
        packets += other.packets;
        bytes += other.bytes;
        return *this;
    }
    Flow& operator-=(const Flow& other) {
        packets -= other.packets;
        bytes -= other.bytes;
        return *this;
    }
    friend Flow operator+(Flow a, const Flow& b) { return a += b; }
    friend bool operator==(const Flow& a, const Flow& b) {
        return a.packets == b.packets && a.bytes == b.bytes;
    }
};

struct Counters {
    Flow tcp_sent;
    Flow tcp_received;
    Flow udp_sent;
    Flow udp_received;

    [[nodiscard]] Flow sent() const { return tcp_sent + udp_sent; }
    [[nodiscard]] Flow received() const { return tcp_received + udp_received; }
    [[nodiscard]] Flow all() const { return sent() + received(); }
    [[nodiscard]] bool any() const { return all().packets != 0; }

    Counters& operator+=(const Counters& other) {
        tcp_sent += other.tcp_sent;
        tcp_received += other.tcp_received;
        udp_sent += other.udp_sent;
        udp_received += other.udp_received;
        return *this;
    }
    Counters& operator-=(const Counters& other) {
        tcp_sent -= other.tcp_sent;
        tcp_received -= other.tcp_received;
        udp_sent -= other.udp_sent;
        udp_received -= other.udp_received;
        return *this;
    }
    friend Counters operator-(Counters a, const Counters& b) { return a -= b; }
    friend bool operator==(const Counters& a, const Counters& b) {
        return a.tcp_sent == b.tcp_sent && a.tcp_received == b.tcp_received &&
               a.udp_sent == b.udp_sent && a.udp_received == b.udp_received;
    }
};

// What is left of `all` without `part`; nothing where a packet came between the reading of the two.
inline std::uint64_t rest(std::uint64_t all, std::uint64_t part) {
    return all > part ? all - part : 0;
}
inline Counters rest(const Counters& all, const Counters& part) {
    const auto flow = [](const Flow& a, const Flow& b) {
        return Flow{rest(a.packets, b.packets), rest(a.bytes, b.bytes)};
    };
    return {flow(all.tcp_sent, part.tcp_sent), flow(all.tcp_received, part.tcp_received),
            flow(all.udp_sent, part.udp_sent), flow(all.udp_received, part.udp_received)};
}

// Each counter and the name that it has in all output for programs.
struct NamedCounter {
    const char* name;
    Flow Counters::*flow;
    std::uint64_t Flow::*value;

    [[nodiscard]] std::uint64_t of(const Counters& counters) const { return counters.*flow.*value; }
};

constexpr std::array<NamedCounter, 8> named_counters{{
    {"tcpsndpacks", &Counters::tcp_sent, &Flow::packets},
    {"tcpsndbytes", &Counters::tcp_sent, &Flow::bytes},
    {"tcprcvpacks", &Counters::tcp_received, &Flow::packets},
    {"tcprcvbytes", &Counters::tcp_received, &Flow::bytes},
    {"udpsndpacks", &Counters::udp_sent, &Flow::packets},
    {"udpsndbytes", &Counters::udp_sent, &Flow::bytes},
    {"udprcvpacks", &Counters::udp_received, &Flow::packets},
    {"udprcvbytes", &Counters::udp_received, &Flow::bytes},
}};

// What stands before these names where the counters are those of cgroups that ended below one.
constexpr const char* ended_prefix = "ended_";

} // namespace netatop
