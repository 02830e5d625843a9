// SPDX-License-Identifier: GPL-2.0-only
// Addresses of sockets, as the kernel's sock_diag tells them: by cookie, which the module tells
// too.
#pragma once

#include "result.h"

#include <cstdint>
#include <map>
#include <string>

struct nlmsghdr;

namespace netatop {

struct Endpoint {
    std::string address; // as people write it; empty when it is none
    std::uint16_t port = 0;

    // "10.0.0.1:80", "[fe80::1]:80"; empty when there is neither.
    [[nodiscard]] std::string text() const;
};

struct Endpoints {
    Endpoint local;
    Endpoint remote;
    std::string state; // of TCP, as ss(8) names it; empty for UDP
};

using EndpointsByCookie = std::map<std::uint64_t, Endpoints>;

// Adds those of all TCP and UDP sockets of the network namespace that the calling thread is in.
Status add_endpoints(EndpointsByCookie& to);

// Adds the one of a message; false when it is not as it has to be.
bool add_endpoints(EndpointsByCookie& to, const nlmsghdr& message, bool tcp);

} // namespace netatop
