// SPDX-License-Identifier: GPL-2.0-only
// Rules for OUTPUT that change the way of a packet: it counts as the interface counts by which it
// leaves, not the one for which it was made. And marks of what is received, which the answer to it
// can take over.
#include "lib/guest_test.h"

using namespace guest;

namespace {

// Larger than what veth carries whole, smaller than what lo does; and what is a packet on both.
const std::vector<std::size_t> sizes = {1, 100, 1240, 1430, 4000, 20000};

class Reroute : public FamilyTest {
protected:
    std::string ip() const { return v4() ? "ip" : "ip6"; }

    // Rewrites destinations in a's OUTPUT.
    void translate(const Side& a, const std::string& from, const std::string& to) const {
        a.ns.nft("table " + ip() +
                 " nat {\n chain output {\n type nat hook output priority -100;\n" + ip() +
                 " daddr " + from + " dnat to " + to +
                 "\n }\n chain postrouting {\n type nat hook postrouting priority 100;\n"
                 "oifname \"v0\" masquerade\n }\n}\n");
    }

    // Talks from client to server, which it knows by another address, and compares with the
    // devices.
    void compare_devices(std::vector<std::function<Traffic()>> devices, const Namespace& client,
                         const Namespace& server, const Address& at, const Address& as) {
        Ledger ledger(std::move(devices));
        Helper listener(server, [&](Channel& test) {
            const Fd socket = tcp_listener(at);
            test.send(Address::local_of(socket.get()).port());
            const Fd connection = tcp_accept(socket);
            read_stream(connection, 100000);
            write_stream(connection, 20000);
            read_to_end(connection);
            finish_writing(connection);
            test.signal();
            test.wait();
        });
        Helper receiver(server, [&](Channel& test) {
            const Fd socket = udp_bound(at);
            test.send(Address::local_of(socket.get()).port());
            test.wait();
        });
        const auto tcp_port = listener.receive<std::uint16_t>();
        const auto udp_port = receiver.receive<std::uint16_t>();
        Helper sender(client, [&](Channel& test) {
            const Fd connection = tcp_connected(as.with_port(tcp_port));
            write_stream(connection, 100000);
            read_stream(connection, 20000);
            finish_writing(connection);
            read_to_end(connection);
            const Fd socket = udp_socket(family());
            for (const auto size : sizes)
                send_to(socket, as.with_port(udp_port), size, 3);
            test.signal();
            test.wait();
        });
        sender.wait();
        listener.wait();
        ledger.compare();
    }
};

// What b receives by v0 is marked, and what has the mark leaves by a tunnel without link header,
// which a second pair of devices carries.
class ReroutedAnswer : public Reroute {
protected:
    ReroutedAnswer() {
        add_veth(pair_.a.ns, "v1", "02:00:00:00:03:0a", pair_.b.ns, "v1", "02:00:00:00:03:0b");
        add_address(pair_.a.ns, "v1", "10.9.0.1/24");
        add_address(pair_.b.ns, "v1", "10.9.0.2/24");
        add_neighbour(pair_.a.ns, "v1", "10.9.0.2", "02:00:00:00:03:0b");
        add_neighbour(pair_.b.ns, "v1", "10.9.0.1", "02:00:00:00:03:0a");
        pair_.a.ns.ip(tunnel("10.9.0.1", "10.9.0.2"));
        pair_.b.ns.ip(tunnel("10.9.0.2", "10.9.0.1"));
        for (const auto* side : {&pair_.a, &pair_.b})
            set_offloads(side->ns, "l0", false);
        pair_.b.ns.ip(std::string("route add ") + (v4() ? "10.0.0.1/32" : "fd00::1/128") +
                      " dev l0 table 77\n");
        pair_.b.ns.run(std::string("ip ") + (v4() ? "" : "-6 ") + "rule add fwmark 1 table 77");
        pair_.b.ns.nft("table inet mangle {\n chain prerouting {\n type filter hook prerouting "
                       "priority -150;\n iifname \"v0\" meta mark set 1\n }\n}\n");
        for (const auto* device : {"all", "l0"})
            pair_.a.ns.sysctl(std::string("ipv4/conf/") + device + "/rp_filter", "0");
    }

    static std::string tunnel(const std::string& own, const std::string& peer) {
        return "link add l0 type gre local " + own + " remote " + peer +
               "\nlink set l0 addrgenmode none\nlink set l0 up\n";
    }

    // What one side sent by one device and received by another.
    static Traffic by(const Side& side, const std::string& out, const std::string& in) {
        return {device_counters(side.ns, out).out, device_counters(side.ns, in).in};
    }
    Ledger ledger() const {
        return Ledger(
            {[&] { return by(pair_.a, "v0", "l0"); }, [&] { return by(pair_.a, "l0", "v0"); },
             [&] { return by(pair_.b, "v0", "l0"); }, [&] { return by(pair_.b, "l0", "v0"); }});
    }

    Pair pair_;
};

} // namespace

BOTH_FAMILIES(Reroute);
BOTH_FAMILIES(ReroutedAnswer);

TEST_P(Reroute, OwnAddressBecomesThePeers) {
    const Pair pair;
    const std::string own = v4() ? "10.1.1.1" : "fd11::1";
    add_address(pair.a.ns, "lo", own + (v4() ? "/32" : "/128"));
    translate(pair.a, own, v4() ? "10.0.0.2" : "fd00::2");
    compare_devices({[&] { return pair.a.carried(); }, [&] { return pair.b.carried(); },
                     [&] { return device_counters(pair.a.ns, "lo"); }},
                    pair.a.ns, pair.b.ns, pair.b.at(family()), Address(own, 0));
}

TEST_P(Reroute, PeersAddressBecomesAnOwn) {
    const Pair pair;
    translate(pair.a, v4() ? "10.0.0.2" : "fd00::2", v4() ? "10.0.0.1" : "fd00::1");
    compare_devices(
        {[&] { return pair.a.carried(); }, [&] { return device_counters(pair.a.ns, "lo"); }},
        pair.a.ns, pair.a.ns, pair.a.at(family()), pair.b.at(family()));
}

// A mark set in OUTPUT takes what a route sends into a tunnel without link header out by v0.
TEST_P(Reroute, ByMark) {
    const Pair pair;
    const std::string there = v4() ? "10.7.0.9" : "fd07::9";
    const std::string bits = v4() ? "/32" : "/128";
    const std::string family_option = v4() ? "" : "-6 ";
    pair.a.ns.ip(
        "link add t0 type ipip local 10.0.0.1 remote 10.0.0.2\n"
        "link add t6 type sit local 10.0.0.1 remote 10.0.0.2\n"
        "link set t0 mtu 9000 up\nlink set t6 addrgenmode none\nlink set t6 mtu 9000 up\n");
    const std::string tunnel = v4() ? "t0" : "t6";
    add_address(pair.b.ns, "lo", there + bits);
    pair.a.ns.ip("route add " + there + bits + " dev " + tunnel + " src " +
                 (v4() ? "10.0.0.1" : "fd00::1") + "\nroute add " + there + bits + " via " +
                 (v4() ? "10.0.0.2" : "fd00::2") + " dev v0 table 77\n");
    pair.a.ns.run("ip " + family_option + "rule add fwmark 1 table 77");
    pair.a.ns.nft("table " + ip() +
                  " mangle {\n chain output {\n type route hook output priority "
                  "-150;\n" +
                  ip() + " daddr " + there + " meta mark set 1\n }\n}\n");
    for (const auto* side : {&pair.a, &pair.b})
        for (const auto* device : {"all", "v0"})
            side->ns.sysctl(std::string("ipv4/conf/") + device + "/rp_filter", "0");
    compare_devices({[&] { return pair.a.carried(); }, [&] { return pair.b.carried(); },
                     [&] { return device_counters(pair.a.ns, tunnel); }},
                    pair.a.ns, pair.b.ns, Address(there, 0), Address(there, 0));
}

// net.ipv4.tcp_fwmark_accept: a connection, from its handshake on, has the mark of its SYN.
TEST_P(ReroutedAnswer, OfAccepted) {
    pair_.b.ns.sysctl("ipv4/tcp_fwmark_accept", "1");
    auto all = ledger();
    TcpParties parties(pair_.a.ns, pair_.b.ns, pair_.b.at(family()), {family(), 100000, 20000, 1});
    const auto at_a = by(pair_.a, "v0", "l0");
    const auto at_b = by(pair_.b, "l0", "v0");
    parties.run();
    compare_settled(
        "server", [&] { return tcp(by(pair_.b, "l0", "v0") - at_b); },
        [&] { return ctl.process_counters(parties.server.pid()); });
    compare_settled(
        "client", [&] { return tcp(by(pair_.a, "v0", "l0") - at_a); },
        [&] { return ctl.process_counters(parties.client.pid()); });
    all.compare();
}

// net.*.fwmark_reflect: what no socket sends has the mark of what it answers.
TEST_P(ReroutedAnswer, OfNobody) {
    pair_.b.ns.sysctl("ipv4/fwmark_reflect", "1");
    pair_.b.ns.sysctl("ipv6/fwmark_reflect", "1");
    auto all = ledger();
    const auto at_b = by(pair_.b, "l0", "v0");
    Helper client(pair_.a.ns, [&](Channel& test) {
        const auto to = pair_.b.at(family(), 9);
        int refused = 0;
        for (int i = 0; i < 5; i++) {
            const Fd socket(check(::socket(domain(family()), SOCK_STREAM, 0), "socket"));
            refused += ::connect(socket.get(), to.get(), to.size()) < 0 && errno == ECONNREFUSED;
        }
        test.send(refused);
        test.wait();
    });
    compare("refused", 5, client.receive<int>());
    compare_settled(
        "no socket", [&] { return tcp(by(pair_.b, "l0", "v0") - at_b); },
        [&] { return all.in_class("nosocket"); });
    all.compare();
}
