// SPDX-License-Identifier: GPL-2.0-only
#include "names.h"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <memory>

namespace netatop {

namespace {

constexpr std::size_t most_names = 4096;

// One that does not answer holds up the others no longer than its own time.
constexpr unsigned threads = 4;

} // namespace

std::string name_of_address(const std::string& address) {
    addrinfo wanted{};
    wanted.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.c_str(), nullptr, &wanted, &found) != 0)
        return {};
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, ::freeaddrinfo);
    std::array<char, NI_MAXHOST> name{};
    if (::getnameinfo(found->ai_addr, found->ai_addrlen, name.data(), name.size(), nullptr, 0,
                      NI_NAMEREQD) != 0)
        return {};
    return name.data();
}

Result<Lookup> names_of_addresses() {
    return Lookup::make(name_of_address, most_names, threads);
}

} // namespace netatop
