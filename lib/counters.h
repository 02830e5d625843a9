// SPDX-License-Identifier: GPL-2.0-only
// What somebody carried: packets on the wire and their bytes, by protocol and direction, and the
// part of it that the loopback interface carried.
#pragma once

#include <algorithm>
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
    // Of these, what went over loopback.
    Flow loopback_tcp_sent = {};
    Flow loopback_tcp_received = {};
    Flow loopback_udp_sent = {};
    Flow loopback_udp_received = {};

    [[nodiscard]] Flow sent() const { return tcp_sent + udp_sent; }
    [[nodiscard]] Flow received() const { return tcp_received + udp_received; }
    [[nodiscard]] Flow all() const { return sent() + received(); }
    [[nodiscard]] bool any() const { return all().packets != 0; }

    [[nodiscard]] Counters without_loopback() const;

    Counters& operator+=(const Counters& other);
    Counters& operator-=(const Counters& other);
    friend Counters operator-(Counters a, const Counters& b) { return a -= b; }
};

// Each flow, to go through all of them.
constexpr std::array<Flow Counters::*, 8> all_flows{
    &Counters::tcp_sent,          &Counters::tcp_received,
    &Counters::udp_sent,          &Counters::udp_received,
    &Counters::loopback_tcp_sent, &Counters::loopback_tcp_received,
    &Counters::loopback_udp_sent, &Counters::loopback_udp_received,
};

inline Counters Counters::without_loopback() const {
    Counters others;
    constexpr std::size_t per_scope = all_flows.size() / 2;
    for (std::size_t i = 0; i < per_scope; ++i) {
        others.*all_flows[i] = this->*all_flows[i];
        others.*all_flows[i] -= this->*all_flows[per_scope + i];
    }
    return others;
}

inline Counters& Counters::operator+=(const Counters& other) {
    for (const auto flow : all_flows)
        this->*flow += other.*flow;
    return *this;
}
inline Counters& Counters::operator-=(const Counters& other) {
    for (const auto flow : all_flows)
        this->*flow -= other.*flow;
    return *this;
}
inline bool operator==(const Counters& a, const Counters& b) {
    return std::all_of(all_flows.begin(), all_flows.end(),
                       [&](const auto flow) { return a.*flow == b.*flow; });
}

// What is left of `all` without `part`; nothing where a packet came between the reading of the two.
inline std::uint64_t rest(std::uint64_t all, std::uint64_t part) {
    return all > part ? all - part : 0;
}
inline Counters rest(const Counters& all, const Counters& part) {
    Counters left;
    for (const auto flow : all_flows)
        left.*flow = {rest((all.*flow).packets, (part.*flow).packets),
                      rest((all.*flow).bytes, (part.*flow).bytes)};
    return left;
}

// Each counter and the name that it has in all output for programs.
struct NamedCounter {
    const char* name;
    Flow Counters::*flow;
    std::uint64_t Flow::*value;

    [[nodiscard]] std::uint64_t of(const Counters& counters) const { return counters.*flow.*value; }
};

constexpr std::array<NamedCounter, 16> named_counters{{
    {"tcpsndpacks", &Counters::tcp_sent, &Flow::packets},
    {"tcpsndbytes", &Counters::tcp_sent, &Flow::bytes},
    {"tcprcvpacks", &Counters::tcp_received, &Flow::packets},
    {"tcprcvbytes", &Counters::tcp_received, &Flow::bytes},
    {"udpsndpacks", &Counters::udp_sent, &Flow::packets},
    {"udpsndbytes", &Counters::udp_sent, &Flow::bytes},
    {"udprcvpacks", &Counters::udp_received, &Flow::packets},
    {"udprcvbytes", &Counters::udp_received, &Flow::bytes},
    {"lo_tcpsndpacks", &Counters::loopback_tcp_sent, &Flow::packets},
    {"lo_tcpsndbytes", &Counters::loopback_tcp_sent, &Flow::bytes},
    {"lo_tcprcvpacks", &Counters::loopback_tcp_received, &Flow::packets},
    {"lo_tcprcvbytes", &Counters::loopback_tcp_received, &Flow::bytes},
    {"lo_udpsndpacks", &Counters::loopback_udp_sent, &Flow::packets},
    {"lo_udpsndbytes", &Counters::loopback_udp_sent, &Flow::bytes},
    {"lo_udprcvpacks", &Counters::loopback_udp_received, &Flow::packets},
    {"lo_udprcvbytes", &Counters::loopback_udp_received, &Flow::bytes},
}};

// What stands before these names where the counters are those of cgroups that ended below one.
constexpr const char* ended_prefix = "ended_";

} // namespace netatop
