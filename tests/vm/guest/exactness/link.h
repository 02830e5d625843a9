// SPDX-License-Identifier: GPL-2.0-only
// An interface l0 on both sides of a pair, whatever carries what it sends: what tasks and classes
// carried through it is what it counted itself, both ways.
#pragma once

#include "lib/guest_test.h"

#include <functional>
#include <string>
#include <vector>

namespace guest {

class LinkTest : public FamilyTest {
protected:
    static constexpr auto own_device = "l0"; // the one under test, on both sides
    enum class Frames { ethernet, none };

    // Makes the interface, or what it needs, on one side.
    using Maker = std::function<void(const Side& side, bool is_a)>;

    static std::string mac(bool is_a) { return is_a ? "02:00:00:00:05:0a" : "02:00:00:00:05:0b"; }

    // False when this machine has no such interface.
    static bool make(const Pair& pair, const Maker& maker);
    // Up, with addresses and with the peer as neighbour, whose frames come from that address.
    static void raise(const Pair& pair, Frames frames, bool offloads = false);
    static void raise_side(const Side& side, bool is_a, Frames frames, const std::string& peer_mac,
                           bool offloads = false);
    // The peer's address on it.
    Address inner() const { return {family() == Family::v4 ? "10.5.0.2" : "fd05::2", 0}; }

    // A connection and datagrams of all kinds of sizes, whose processes live as long as it does.
    struct Talk {
        Talk(const Pair& pair, const Address& to);
        TcpParties tcp;
        UdpParties udp;
    };
    // What carries the packets of an interface: not counted, or as UDP.
    enum class Outer { other, udp };

    // Compares them with the interfaces, or others. What the kernel sends around them is none of
    // the interface's, and its own as the device below counts it.
    void compare_devices(const Pair& pair, Outer carrying = Outer::other);
    void compare_sources(const Pair& pair, std::vector<std::function<Traffic()>> sources,
                         Outer carrying = Outer::other);
    // All of it; skipped where there is no such interface.
    void compare_made(const Maker& maker, Frames frames = Frames::ethernet);
};

} // namespace guest
