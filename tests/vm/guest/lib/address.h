// SPDX-License-Identifier: GPL-2.0-only
// Socket addresses of both families.
#pragma once

#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>

namespace guest {

enum class Family { v4 = AF_INET, v6 = AF_INET6 };

inline const char* name(Family family) {
    return family == Family::v4 ? "IPv4" : "IPv6";
}
inline int domain(Family family) {
    return static_cast<int>(family);
}

class Address {
public:
    Address() = default;
    // Numeric text: the family follows from it.
    Address(const std::string& text, std::uint16_t port);

    static Address any(Family family, std::uint16_t port = 0);
    static Address local_of(int socket);

    Family family() const { return static_cast<Family>(storage_.ss_family); }
    std::uint16_t port() const;
    Address with_port(std::uint16_t port) const;
    // Of an IPv6 address: the interface that it belongs to.
    Address with_scope(unsigned interface) const;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage_); }
    socklen_t size() const;

private:
    sockaddr_storage storage_{};
};

} // namespace guest
