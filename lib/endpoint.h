// SPDX-License-Identifier: GPL-2.0-only
// The end of a socket: an address and a port.
#pragma once

#include <cstdint>
#include <string>

namespace netatop {

struct Endpoint {
    std::string address; // as people write it; empty when it is none
    std::uint16_t port = 0;

    // "10.0.0.1:80", "[fe80::1]:80"; empty when there is neither.
    [[nodiscard]] std::string text() const;
    // The reverse.
    static Endpoint of(const std::string& text);
};

// How many bytes an address of AF_INET or AF_INET6 has.
std::size_t address_size(unsigned family);

// An address as people write it; empty where all its bytes are 0. One of IPv4 that a socket of IPv6
// has is written as what it is.
std::string address_text(unsigned family, const void* bytes);

} // namespace netatop
