// SPDX-License-Identifier: GPL-2.0-only
#include "endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>
#include <cstring>

namespace netatop {

std::string Endpoint::text() const {
    if (address.empty() && port == 0)
        return {};
    const std::string number = port == 0 ? "*" : std::to_string(port);
    if (address.empty())
        return "*:" + number;
    const bool v6 = address.find(':') != std::string::npos;
    return (v6 ? "[" + address + "]" : address) + ":" + number;
}

Endpoint Endpoint::of(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos)
        return {};
    Endpoint endpoint;
    endpoint.address = text.substr(0, colon);
    if (endpoint.address == "*")
        endpoint.address.clear();
    else if (endpoint.address.size() > 2 && endpoint.address[0] == '[')
        endpoint.address = endpoint.address.substr(1, endpoint.address.size() - 2);
    endpoint.port = static_cast<std::uint16_t>(std::strtoul(text.c_str() + colon + 1, nullptr, 10));
    return endpoint;
}

std::size_t address_size(unsigned family) {
    return family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
}

std::string address_text(unsigned family, const void* bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const in6_addr none{};
    constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (family == AF_INET6 && std::memcmp(bytes, mapped.data(), mapped.size()) == 0)
        return address_text(AF_INET, static_cast<const unsigned char*>(bytes) + mapped.size());
    if (std::memcmp(bytes, &none, address_size(family)) == 0 ||
        ::inet_ntop(static_cast<int>(family), bytes, text.data(), text.size()) == nullptr)
        return {};
    return text.data();
}

} // namespace netatop
