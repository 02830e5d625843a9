// SPDX-License-Identifier: GPL-2.0-only
// Two namespaces joined by a pair of virtual Ethernet devices that carry nothing but what the
// scenario sends: neighbours are static, router and group-membership messages are dropped.
#pragma once

#include <string>

#include "lib/address.h"
#include "lib/counters.h"
#include "lib/namespace.h"

namespace guest {

// What the device itself counted.
Traffic device_counters(const Namespace& ns, const std::string& device);
void set_offloads(const Namespace& ns, const std::string& device, bool on);

struct Side {
    Namespace ns;
    std::string device = "v0";
    Address v4;
    Address v6;

    Address at(Family family, std::uint16_t port = 0) const {
        return (family == Family::v4 ? v4 : v6).with_port(port);
    }
    // All packets that the device counted, less those that are neither TCP nor UDP.
    Traffic carried() const;
    // Packets of other protocols that local sockets or the stack itself sent and received.
    Traffic other_protocols() const;
};

class Pair {
public:
    explicit Pair(unsigned mtu = 1500);

    void offloads(bool on) const;
    void mtu(unsigned size) const;
    // Netem on the devices themselves would act before they count: see Route for that.

    Side a;
    Side b;
};

// a - router - b, so that what the router loses or reorders was counted by the sender's device.
class Route {
public:
    Route();
    // Netem on the way from a to b ("loss 5%"), on the way back, or both; in place of what was
    // there.
    void impair_forth(const std::string& netem) const;
    void impair_back(const std::string& netem) const;

    Side a;
    Side b;
    Namespace router;
};

// Shared by every scenario that does not reconfigure it.
Pair& standard_pair();

// A device with a peer in another namespace, up, without address; quiet as described above.
void add_veth(const Namespace& from, const std::string& device, const std::string& mac,
              const Namespace& to, const std::string& peer, const std::string& peer_mac);
void keep_quiet(const Namespace& ns);
void add_address(const Namespace& ns, const std::string& device, const std::string& address);
void add_neighbour(const Namespace& ns, const std::string& device, const std::string& address,
                   const std::string& mac);

} // namespace guest
