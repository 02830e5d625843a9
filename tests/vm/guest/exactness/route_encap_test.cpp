// SPDX-License-Identifier: GPL-2.0-only
// What a route itself puts around a packet is added below LOCAL_OUT, and not counted: this states
// by how much the device is ahead. Inside, all is exact.
#include "lib/guest_test.h"

using namespace guest;

namespace {

class RouteEncap : public FamilyTest {
protected:
    std::string there() const { return v4() ? "10.77.0.2" : "fd77::2"; }

    // False when this kernel does not know such a route.
    bool add_route(const Pair& pair, const std::string& encap) const {
        try {
            pair.a.ns.ip("route add " + there() + (v4() ? "/32" : "/128") + " encap " + encap +
                         "\n");
        } catch (const std::runtime_error&) {
            return false;
        }
        return true;
    }

    void expect_overhead(const Pair& pair, std::uint64_t overhead) {
        const auto before = device_counters(pair.a.ns, "v0");
        Helper sender(pair.a.ns, [&](Channel& test) {
            const Fd socket = udp_socket(family());
            for (const std::size_t size : {1, 20, 100, 1000, 1200})
                send_to(socket, Address(there(), 7), size);
            test.signal();
            test.wait();
        });
        sender.wait();
        compare_settled(
            "sender",
            [&] {
                auto out = (device_counters(pair.a.ns, "v0") - before).out;
                out.bytes -= out.packets * overhead;
                return udp_out(out);
            },
            [&] { return ctl.process_counters(sender.pid()); });
    }
};

} // namespace

BOTH_FAMILIES(RouteEncap);

TEST_P(RouteEncap, Mpls) {
    const Pair pair;
    pair.a.ns.run("modprobe -a mpls_router mpls_iptunnel");
    const std::string via = v4() ? "10.0.0.2" : "inet6 fd00::2";
    if (!add_route(pair, "mpls 100 via " + via + " dev v0"))
        GTEST_SKIP() << "no MPLS in this kernel";
    expect_overhead(pair, 4);
}

// A network header, and a routing header with one segment.
TEST_P(RouteEncap, SegmentRouting) {
    const Pair pair;
    pair.a.ns.sysctl("ipv6/conf/all/forwarding", "1");
    if (!add_route(pair, "seg6 mode encap segs fd00::2 dev v0"))
        GTEST_SKIP() << "no segment routing in this kernel";
    expect_overhead(pair, 64);
}

// A header of segment routing in the packet itself, with the destination as its second segment.
TEST_P(RouteEncap, SegmentRoutingInline) {
    if (v4())
        GTEST_SKIP() << "of IPv6 alone";
    const Pair pair;
    pair.a.ns.sysctl("ipv6/conf/all/forwarding", "1");
    if (!add_route(pair, "seg6 mode inline segs fd00::2 dev v0"))
        GTEST_SKIP() << "no segment routing in this kernel";
    expect_overhead(pair, 40);
}

// With one segment there is no header of segment routing left.
TEST_P(RouteEncap, SegmentRoutingReduced) {
    const Pair pair;
    pair.a.ns.sysctl("ipv6/conf/all/forwarding", "1");
    if (!add_route(pair, "seg6 mode encap.red segs fd00::2 dev v0"))
        GTEST_SKIP() << "no reduced segment routing in this kernel, or ip";
    expect_overhead(pair, 40);
}

// Another address, and nothing more.
TEST_P(RouteEncap, IdentifierLocator) {
    if (v4())
        GTEST_SKIP() << "of IPv6 alone";
    const Pair pair;
    try {
        pair.a.ns.run("modprobe -a ila");
    } catch (const std::runtime_error&) {
        GTEST_SKIP() << "no ILA in this kernel";
    }
    if (!add_route(pair, "ila fd00:0:0:0 csum-mode no-action ident-type luid via fd00::2 dev v0"))
        GTEST_SKIP() << "no ILA in this kernel, or ip";
    expect_overhead(pair, 0);
}
