// SPDX-License-Identifier: GPL-2.0-only
// A tunnel and multipath TCP: what the application sees is the application's, what carries it is
// the kernel's.
#include "lib/guest_test.h"

using namespace guest;

namespace {

class Tunnel : public FamilyTest {};
class Multipath : public FamilyTest {};

constexpr std::size_t vxlan_overhead = 8 + ethernet_header; // its header, the inner frame's header

void add_vxlan(const Side& side, const std::string& local, const std::string& remote,
               const std::string& number, const std::string& peer_number) {
    const auto lladdr = [](const std::string& n) { return "02:00:00:00:02:0" + n; };
    side.ns.ip("link add x0 address " + lladdr(number) + " type vxlan id 9 local " + local +
               " remote " + remote + " dev v0 dstport 4789 nolearning\n" +
               "link set x0 addrgenmode none\nlink set x0 up\n");
    add_address(side.ns, "x0", "10.9.0." + number + "/24");
    add_address(side.ns, "x0", "fd09::" + number + "/64");
    add_neighbour(side.ns, "x0", "10.9.0." + peer_number, lladdr(peer_number));
    add_neighbour(side.ns, "x0", "fd09::" + peer_number, lladdr(peer_number));
}

} // namespace

BOTH_FAMILIES(Tunnel);
BOTH_FAMILIES(Multipath);

TEST_P(Tunnel, VxlanInnerIsTheApplicationsOuterTheKernels) {
    const Pair pair;
    const bool v4 = family() == Family::v4;
    add_vxlan(pair.a, v4 ? "10.0.0.1" : "fd00::1", v4 ? "10.0.0.2" : "fd00::2", "1", "2");
    add_vxlan(pair.b, v4 ? "10.0.0.2" : "fd00::2", v4 ? "10.0.0.1" : "fd00::1", "2", "1");
    const auto kernel_before = module::counters("kernel");
    const auto outer_before = pair.a.carried();
    const Address inner(v4 ? "10.9.0.2" : "fd09::2", 0);
    UdpParties parties(pair.a.ns, pair.b.ns, inner);
    parties.send(700, 10);

    // Inside, what the tunnel's device counts: packets without a link header.
    auto expected = datagrams(family(), 10, 700);
    expected.bytes -= 10 * ethernet_header;
    compare("tunnel's device of the sender", Traffic{expected, {}},
            device_counters(pair.a.ns, "x0"));
    compare("tunnel's device of the receiver", Traffic{{}, expected},
            device_counters(pair.b.ns, "x0"));
    expect_task("sender", parties.sender.pid(), udp_out(expected));
    expect_task("receiver", parties.receiver.pid(), udp_in(expected));
    const auto outer =
        datagrams(family(), 10, 700 + udp_overhead(family()) - ethernet_header + vxlan_overhead);
    compare("outer packets on the device", Traffic{outer, {}}, pair.a.carried() - outer_before);
    compare_soon("kernel class", udp({outer, outer}),
                 [&] { return module::counters("kernel") - kernel_before; });
}

TEST_P(Tunnel, VxlanWithAConnectionInside) {
    const Pair pair;
    const bool v4 = family() == Family::v4;
    add_vxlan(pair.a, v4 ? "10.0.0.1" : "fd00::1", v4 ? "10.0.0.2" : "fd00::2", "1", "2");
    add_vxlan(pair.b, v4 ? "10.0.0.2" : "fd00::2", v4 ? "10.0.0.1" : "fd00::1", "2", "1");
    const auto kernel_before = module::counters("kernel");
    const auto a_before = pair.a.carried();
    const auto b_before = pair.b.carried();
    TcpParties parties(pair.a.ns, pair.b.ns, Address(v4 ? "10.9.0.2" : "fd09::2", 0),
                       {family(), 30000, 3000, 1});
    parties.run();
    compare_soon("client's segments", parties.client_tally.segments_out,
                 [&] { return ctl.process_counters(parties.client.pid()).tcp.out.packets; });
    compare_settled(
        "kernel class",
        [&] { return udp(pair.a.carried() - a_before + (pair.b.carried() - b_before)); },
        [&] { return module::counters("kernel") - kernel_before; });
}

TEST_P(Multipath, BothEndsAreCredited) {
    const auto& pair = standard_pair();
    bool supported = true;
    {
        const Inside inside(pair.a.ns);
        supported = Fd(::socket(domain(family()), SOCK_STREAM, IPPROTO_MPTCP)).get() >= 0;
    }
    if (!supported)
        GTEST_SKIP() << "this kernel has no MPTCP";
    const auto before = pair.a.carried();
    TcpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()),
                       {family(), 50000, 5000, 2, IPPROTO_MPTCP});
    parties.run();
    const auto carried = [&] { return pair.a.carried() - before; };
    compare_settled(
        "client", [&] { return tcp(carried()); },
        [&] { return ctl.process_counters(parties.client.pid()); });
    compare_settled(
        "server",
        [&] {
            return tcp({carried().in, carried().out});
        },
        [&] { return ctl.process_counters(parties.server.pid()); });
}
