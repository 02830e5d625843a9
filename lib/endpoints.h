// SPDX-License-Identifier: GPL-2.0-only
// Addresses of sockets, as the kernel's sock_diag tells them: by cookie, which the module tells
// too.
#pragma once

#include "endpoint.h"
#include "result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

struct nlmsghdr;

namespace netatop {

// What TCP knows of the way to the other end.
struct Way {
    std::uint32_t rtt_us = 0;        // smoothed; 0 before there was an answer
    std::uint32_t retransmitted = 0; // segments, since the connection was made
};

struct Endpoints {
    Endpoint local;
    Endpoint remote;
    std::string state;           // of TCP, as ss(8) names it; empty for UDP
    std::optional<Way> way = {}; // where it was asked for, and of TCP
};

using EndpointsByCookie = std::map<std::uint64_t, Endpoints>;

// Adds those of all TCP and UDP sockets of the network namespace that the calling thread is in;
// with the ways of TCP, which take the lock of each socket, if asked.
Status add_endpoints(EndpointsByCookie& to, bool ways = false);

// Adds the one of a message; false when it is not as it has to be.
bool add_endpoints(EndpointsByCookie& to, const nlmsghdr& message, bool tcp);

} // namespace netatop
