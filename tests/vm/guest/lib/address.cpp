// SPDX-License-Identifier: GPL-2.0-only
#include "lib/address.h"

#include <arpa/inet.h>

#include "lib/fd.h"

namespace guest {

namespace {

sockaddr_in* as_v4(sockaddr_storage* s) {
    return reinterpret_cast<sockaddr_in*>(s);
}
sockaddr_in6* as_v6(sockaddr_storage* s) {
    return reinterpret_cast<sockaddr_in6*>(s);
}

} // namespace

Address::Address(const std::string& text, std::uint16_t port) {
    const bool v6 = text.find(':') != std::string::npos;
    storage_.ss_family = v6 ? AF_INET6 : AF_INET;
    void* bits = v6 ? static_cast<void*>(&as_v6(&storage_)->sin6_addr)
                    : static_cast<void*>(&as_v4(&storage_)->sin_addr);
    if (::inet_pton(storage_.ss_family, text.c_str(), bits) != 1)
        fail("address " + text, EINVAL);
    *this = with_port(port);
}

Address Address::any(Family family, std::uint16_t port) {
    return {family == Family::v4 ? "0.0.0.0" : "::", port};
}

Address Address::local_of(int socket) {
    Address address;
    socklen_t size = sizeof(address.storage_);
    check(::getsockname(socket, address.get(), &size), "getsockname");
    return address;
}

std::uint16_t Address::port() const {
    auto copy = storage_;
    return ntohs(family() == Family::v4 ? as_v4(&copy)->sin_port : as_v6(&copy)->sin6_port);
}

Address Address::with_port(std::uint16_t port) const {
    Address other = *this;
    if (family() == Family::v4)
        as_v4(&other.storage_)->sin_port = htons(port);
    else
        as_v6(&other.storage_)->sin6_port = htons(port);
    return other;
}

Address Address::with_scope(unsigned interface) const {
    Address other = *this;
    if (family() == Family::v6)
        as_v6(&other.storage_)->sin6_scope_id = interface;
    return other;
}

socklen_t Address::size() const {
    return family() == Family::v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

} // namespace guest
