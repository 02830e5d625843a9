// SPDX-License-Identifier: GPL-2.0-only
// Tasks and classes together equal the devices: every MTU, path MTU changes, VLAN, bridge,
// loopback.
#include "lib/guest_test.h"

using namespace guest;

namespace {

class ExactDevice : public FamilyTest {
protected:
    // A connection and datagrams between a and b.
    void traffic(const Namespace& a, const Namespace& b, const Address& to) {
        TcpParties tcp_parties(a, b, to, {family(), 100000, 20000, 1});
        tcp_parties.run();
        UdpParties udp_parties(a, b, to);
        udp_parties.send({1, 500, 1240, 1430, 3000, 9000, 20000});
    }

    void compare_at_mtu(Pair& pair, unsigned mtu) {
        pair.mtu(mtu);
        Ledger ledger(pair.a, pair.b);
        traffic(pair.a.ns, pair.b.ns, pair.b.at(family()));
        ledger.compare("MTU " + std::to_string(mtu));
    }

    // The same addresses on another device of each side, above v0.
    Address addresses_on(const Pair& pair, const std::string& device) {
        for (const auto* side : {&pair.a, &pair.b}) {
            const std::string own = side == &pair.a ? "1" : "2";
            const std::string peer = side == &pair.a ? "2" : "1";
            const auto peer_mac = side == &pair.a ? "02:00:00:00:00:0b" : "02:00:00:00:00:0a";
            add_address(side->ns, device, "10.5.0." + own + "/24");
            add_address(side->ns, device, "fd05::" + own + "/64");
            add_neighbour(side->ns, device, "10.5.0." + peer, peer_mac);
            add_neighbour(side->ns, device, "fd05::" + peer, peer_mac);
        }
        return {family() == Family::v4 ? "10.5.0.2" : "fd05::2", 0};
    }
    static Ledger ledger_of(const Pair& pair, const std::string& device) {
        return Ledger({[&pair, device] { return device_counters(pair.a.ns, device); },
                       [&pair, device] { return device_counters(pair.b.ns, device); }});
    }
};

class PathMtu : public ExactDevice {
protected:
    // The router's routes, not its devices: a device drops what is too long for it unheard.
    static void narrow(const Route& route) {
        route.router.ip("route replace 10.0.1.0/24 dev r0 mtu lock 1300\n"
                        "route replace 10.0.2.0/24 dev r1 mtu lock 1300\n"
                        "route replace fd01::/64 dev r0 metric 256 mtu lock 1300\n"
                        "route replace fd02::/64 dev r1 metric 256 mtu lock 1300\n");
    }
};

} // namespace

BOTH_FAMILIES(ExactDevice);
BOTH_FAMILIES(PathMtu);

TEST_P(ExactDevice, EveryMtu) {
    Pair pair;
    for (const unsigned mtu : {1280, 1281, 1400, 1500, 4000, 9000})
        compare_at_mtu(pair, mtu);
    if (family() == Family::v4)
        compare_at_mtu(pair, 576); // less than IPv6 allows
}

TEST_P(PathMtu, NarrowFromTheStart) {
    const Route route;
    narrow(route);
    Ledger ledger(route.a, route.b);
    traffic(route.a.ns, route.b.ns, route.b.at(family()));
    ledger.compare();
}

TEST_P(PathMtu, NarrowsWhileAConnectionIsOpen) {
    const Route route;
    Ledger ledger(route.a, route.b);
    Helper server(route.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(route.b.at(family()));
        test.send(Address::local_of(listener.get()).port());
        const Fd connection = tcp_accept(listener);
        for (int i = 0; i < 2; i++) {
            read_stream(connection, 60000);
            write_stream(connection, 30000);
        }
        test.wait();
    });
    const auto port = server.receive<std::uint16_t>();
    Helper client(route.a.ns, [&](Channel& test) {
        const Fd connection = tcp_connected(route.b.at(family(), port));
        for (int i = 0; i < 2; i++) {
            write_stream(connection, 60000);
            read_stream(connection, 30000);
            test.signal();
            test.wait();
        }
    });
    client.wait();
    UdpParties parties(route.a.ns, route.b.ns, route.b.at(family()));
    parties.send({1400, 5000, 1400});
    narrow(route);
    client.step();
    parties.send({1400, 5000, 1400, 1400, 5000, 1272, 1273, 1252, 1253});
    ledger.compare();
}

TEST_P(ExactDevice, Vlan) {
    const Pair pair;
    for (const auto* side : {&pair.a, &pair.b}) {
        side->ns.ip("link add link v0 name l0 type vlan id 5\nlink set l0 addrgenmode none\n"
                    "link set l0 up\n");
        set_offloads(side->ns, "l0", false);
    }
    const auto to = addresses_on(pair, "l0");
    auto ledger = ledger_of(pair, "l0");
    traffic(pair.a.ns, pair.b.ns, to);
    ledger.compare();
}

TEST_P(ExactDevice, Bridge) {
    const Pair pair;
    for (const auto* side : {&pair.a, &pair.b}) {
        const std::string mac = side == &pair.a ? "02:00:00:00:00:0a" : "02:00:00:00:00:0b";
        side->ns.ip("link add b0 address " + mac +
                    " type bridge mcast_snooping 0\n"
                    "link set b0 addrgenmode none\nlink set v0 master b0\nlink set b0 up\n");
        set_offloads(side->ns, "b0", false);
    }
    const auto to = addresses_on(pair, "b0");
    auto ledger = ledger_of(pair, "b0");
    traffic(pair.a.ns, pair.b.ns, to);
    ledger.compare();
}

TEST_P(ExactDevice, Loopback) {
    const Namespace ns;
    set_offloads(ns, "lo", false);
    Ledger ledger({[&] { return device_counters(ns, "lo"); }});
    traffic(ns, ns, {family() == Family::v4 ? "127.0.0.1" : "::1", 0});
    ledger.compare();
}

TEST_P(ExactDevice, LoopbackDatagramsByArithmetic) {
    const Namespace ns;
    UdpParties parties(ns, ns, {family() == Family::v4 ? "127.0.0.1" : "::1", 0});
    parties.send(500, 10);
    auto expected = datagrams(family(), 10, 500);
    expected.bytes -= 10 * ethernet_header; // loopback has no link header
    expect_task("sender", parties.sender.pid(), udp_out(expected));
    expect_task("receiver", parties.receiver.pid(), udp_in(expected));
}
