// SPDX-License-Identifier: GPL-2.0-only
// Packets and bytes, by protocol and direction: what the module reports and what is expected of it.
#pragma once

#include <cstdint>
#include <ostream>

#include "uapi/netatop.h"

namespace guest {

struct Flow {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
};

inline Flow operator+(Flow a, Flow b) {
    return {a.packets + b.packets, a.bytes + b.bytes};
}
inline Flow operator-(Flow a, Flow b) {
    return {a.packets - b.packets, a.bytes - b.bytes};
}
inline bool operator==(Flow a, Flow b) {
    return a.packets == b.packets && a.bytes == b.bytes;
}
inline std::ostream& operator<<(std::ostream& out, Flow f) {
    return out << static_cast<std::int64_t>(f.packets) << " packets "
               << static_cast<std::int64_t>(f.bytes) << " bytes";
}

// Both directions of one protocol, or of one interface.
struct Traffic {
    Flow out;
    Flow in;
};

inline Traffic operator+(Traffic a, Traffic b) {
    return {a.out + b.out, a.in + b.in};
}
inline Traffic operator-(Traffic a, Traffic b) {
    return {a.out - b.out, a.in - b.in};
}
inline bool operator==(Traffic a, Traffic b) {
    return a.out == b.out && a.in == b.in;
}
inline std::ostream& operator<<(std::ostream& out, Traffic t) {
    return out << "out " << t.out << ", in " << t.in;
}

struct Counters {
    Traffic tcp;
    Traffic udp;

    Traffic both() const { return tcp + udp; }
};

inline Counters operator+(Counters a, Counters b) {
    return {a.tcp + b.tcp, a.udp + b.udp};
}
inline Counters operator-(Counters a, Counters b) {
    return {a.tcp - b.tcp, a.udp - b.udp};
}
inline bool operator==(Counters a, Counters b) {
    return a.tcp == b.tcp && a.udp == b.udp;
}
inline std::ostream& operator<<(std::ostream& out, const Counters& c) {
    if (c.udp == Traffic{})
        return out << "tcp " << c.tcp;
    if (c.tcp == Traffic{})
        return out << "udp " << c.udp;
    return out << "tcp " << c.tcp << "; udp " << c.udp;
}

inline Counters counters_of(const netpertask& t) {
    return {{{t.tcpsndpacks, t.tcpsndbytes}, {t.tcprcvpacks, t.tcprcvbytes}},
            {{t.udpsndpacks, t.udpsndbytes}, {t.udprcvpacks, t.udprcvbytes}}};
}

inline Counters tcp(Traffic t) {
    return {t, {}};
}
inline Counters udp(Traffic t) {
    return {{}, t};
}
inline Counters udp_out(Flow f) {
    return {{}, {f, {}}};
}
inline Counters udp_in(Flow f) {
    return {{}, {{}, f}};
}

} // namespace guest
