// SPDX-License-Identifier: GPL-2.0-only
// The kernel's load balancer IPVS in a network namespace, set up as ipvsadm(8) would.
#pragma once

#include "lib/address.h"
#include "lib/namespace.h"

namespace guest {

enum class Forward { masquerading = 0, tunnel = 2, direct = 3 };

// A service of one protocol at an address, with one real server; its tunnel is in UDP (GUE) when a
// port of that is given.
void balance(const Namespace& ns, int protocol, const Address& service, const Address& real,
             Forward how, std::uint16_t gue_port = 0);

} // namespace guest
