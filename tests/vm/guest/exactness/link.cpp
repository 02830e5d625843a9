// SPDX-License-Identifier: GPL-2.0-only
#include "exactness/link.h"

#include <stdexcept>

namespace guest {

namespace {

// What ip(8) says for an interface that the kernel, or ip(8) itself, does not know.
bool is_unknown(const std::string& message) {
    for (const auto* text : {"Unknown device type", "not supported", "Garbage", "is unknown"})
        if (message.find(text) != std::string::npos)
            return true;
    return false;
}

} // namespace

bool LinkTest::make(const Pair& pair, const Maker& maker) {
    for (const auto* side : {&pair.a, &pair.b}) {
        try {
            maker(*side, side == &pair.a);
        } catch (const std::runtime_error& error) {
            if (!is_unknown(error.what()))
                throw;
            return false;
        }
    }
    return true;
}

void LinkTest::raise_side(const Side& side, bool is_a, Frames frames, const std::string& peer_mac,
                          bool offloads) {
    const std::string own = is_a ? "1" : "2";
    const std::string peer = is_a ? "2" : "1";
    side.ns.ip("link set l0 addrgenmode none\nlink set l0 up\n");
    if (!offloads)
        set_offloads(side.ns, own_device, false);
    add_address(side.ns, own_device, "10.5.0." + own + "/24");
    add_address(side.ns, own_device, "fd05::" + own + "/64");
    if (frames == Frames::none)
        return;
    add_neighbour(side.ns, own_device, "10.5.0." + peer, peer_mac);
    add_neighbour(side.ns, own_device, "fd05::" + peer, peer_mac);
}

void LinkTest::raise(const Pair& pair, Frames frames, bool offloads) {
    raise_side(pair.a, true, frames, mac(false), offloads);
    raise_side(pair.b, false, frames, mac(true), offloads);
}

LinkTest::Talk::Talk(const Pair& pair, const Address& to)
    : tcp(pair.a.ns, pair.b.ns, to, {to.family(), 100000, 20000, 1}),
      udp(pair.a.ns, pair.b.ns, to) {
    tcp.run();
    udp.send({1, 4, 5, 100, 101, 500, 1240, 1372, 1384, 1392, 3000, 9000});
}

void LinkTest::compare_sources(const Pair& pair, std::vector<std::function<Traffic()>> sources,
                               Outer carrying) {
    const auto below = [&] { return pair.a.carried() + pair.b.carried(); };
    const auto below_before = below();
    Ledger ledger(std::move(sources));
    const Talk talk(pair, inner());
    compare_settled(
        "tasks and classes", [&] { return ledger.carried(); },
        [&] { return ledger.credited().both() - ledger.in_class("kernel").both(); });
    if (carrying == Outer::udp)
        compare_settled(
            "kernel", [&] { return udp(below() - below_before); },
            [&] { return ledger.in_class("kernel"); });
}

void LinkTest::compare_devices(const Pair& pair, Outer carrying) {
    compare_sources(pair,
                    {[&] { return device_counters(pair.a.ns, own_device); },
                     [&] { return device_counters(pair.b.ns, own_device); }},
                    carrying);
}

void LinkTest::compare_made(const Maker& maker, Frames frames) {
    const Pair pair;
    if (!make(pair, maker))
        GTEST_SKIP() << "no such interface in this kernel";
    raise(pair, frames);
    compare_devices(pair);
}

} // namespace guest
