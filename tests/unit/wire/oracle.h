// SPDX-License-Identifier: GPL-2.0-only
// What leaves an interface, built one packet at a time as RFC 791, RFC 8200 and
// the segmentation offload describe it: the slow way that module/wire.c abbreviates.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace oracle {

/// Length of each packet from its network header on.
using Packets = std::vector<std::uint64_t>;

/// Cuts `payload` bytes after `headers` into segments of at most `size`.
inline Packets segments(std::uint64_t headers, std::uint64_t payload, std::uint64_t size) {
    Packets out;
    do {
        const std::uint64_t take = std::min(payload, size);
        out.push_back(headers + take);
        payload -= take;
    } while (payload > 0);
    return out;
}

/// RFC 791, section 3.2: every fragment repeats `header`; all but the last carry
/// as many units of eight bytes as fit. IPv6 (RFC 8200, section 4.5) adds the
/// fragment header.
inline Packets fragments(std::uint64_t length, std::uint64_t header, std::uint64_t mtu, bool ipv6) {
    if (length <= mtu)
        return {length};
    const std::uint64_t overhead = header + (ipv6 ? 8 : 0);
    if (mtu < overhead + 8)
        return {};
    Packets out;
    std::uint64_t left = length - header;
    while (left > 0) {
        std::uint64_t take = mtu - overhead;
        if (left <= take)
            take = left;
        else
            take -= take % 8;
        out.push_back(overhead + take);
        left -= take;
    }
    return out;
}

inline std::uint64_t bytes(const Packets& packets, std::uint64_t link) {
    std::uint64_t sum = 0;
    for (const std::uint64_t length : packets)
        sum += length + link;
    return sum;
}

} // namespace oracle
