// SPDX-License-Identifier: GPL-2.0-only
// A device that belongs to a VRF: what leaves passes the way out twice, for the VRF and for the
// device, and counts once.
#include "lib/guest_test.h"

#include <poll.h>

#include "lib/turns.h"

using namespace guest;

namespace {

class Vrf : public FamilyTest {
protected:
    // Joining a VRF takes a device's addresses and neighbours: both sides get new ones.
    Address enslave(const Pair& pair, const std::string& qdisc, const std::string& device = "v0") {
        pair.a.ns.ip("link add r0 type vrf table 10\nlink set r0 addrgenmode none\n"
                     "link set r0 up\nlink set " +
                     device + " master r0\n");
        pair.a.ns.run("tc qdisc replace dev r0 root " + qdisc);
        for (const auto* side : {&pair.a, &pair.b}) {
            const bool is_a = side == &pair.a;
            const std::string own = is_a ? "1" : "2";
            const std::string peer = is_a ? "2" : "1";
            const auto* peer_mac = is_a ? "02:00:00:00:00:0b" : "02:00:00:00:00:0a";
            add_address(side->ns, device, "10.7.0." + own + "/24");
            add_address(side->ns, device, "fd07::" + own + "/64");
            add_neighbour(side->ns, device, "10.7.0." + peer, peer_mac);
            add_neighbour(side->ns, device, "fd07::" + peer, peer_mac);
        }
        return {family() == Family::v4 ? "10.7.0.2" : "fd07::2", 0};
    }

    // Datagrams there and back, fragmented ones too.
    void converse(const Pair& pair, const Address& to, const std::string& device = "v0") {
        Ledger ledger({[&] { return device_counters(pair.a.ns, device); },
                       [&] { return device_counters(pair.b.ns, device); }});
        constexpr unsigned times = 10;
        Helper server(pair.b.ns, [&](Channel& test) {
            const Fd socket = udp_bound(to);
            test.send(Address::local_of(socket.get()).port());
            echo(socket, 2 * times);
            test.signal();
            test.wait();
        });
        const auto port = server.receive<std::uint16_t>();
        Helper client(pair.a.ns, [&](Channel& test) {
            const Fd socket = udp_socket(family());
            check(::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, "r0", 3), "VRF");
            for (unsigned i = 0; i < times; i++) {
                for (const std::size_t size : {100, 3000}) {
                    send_to(socket, to.with_port(port), size);
                    receive(socket);
                }
            }
            test.signal();
            test.wait();
        });
        client.wait();
        server.wait();
        compare_settled(
            "both processes", [&] { return udp(ledger.carried()); },
            [&] {
                return ctl.process_counters(client.pid()) + ctl.process_counters(server.pid());
            });
        ledger.compare();
    }

    // Two processes that send through one socket in turn: each is credited what it sent.
    void compare_senders(const Pair& pair, const Address& any) {
        Helper receiver(pair.b.ns, [&](Channel& test) {
            const Fd socket = udp_bound(any);
            test.send(Address::local_of(socket.get()).port());
            test.wait();
        });
        const auto to = any.with_port(receiver.receive<std::uint16_t>());
        const Inside inside(pair.a.ns);
        const Fd socket = udp_socket(family());
        check(::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, "r0", 3), "VRF");
        Turns turns(socket, to, [&] { return device_counters(pair.a.ns, "v0"); });
        for (const std::size_t size : {100, 300, 1})
            turns.take(size);
        expect_process("first", turns.first().pid(), udp(turns.of_first()));
        expect_process("second", turns.second().pid(), udp(turns.of_second()));
    }
};

} // namespace

BOTH_FAMILIES(Vrf);

TEST_P(Vrf, PassedAtOnce) {
    const Pair pair;
    converse(pair, enslave(pair, "noqueue"));
}

TEST_P(Vrf, QueuedInBetween) {
    const Pair pair;
    converse(pair, enslave(pair, "pfifo"));
}

TEST_P(Vrf, EachSenderAtOnce) {
    const Pair pair;
    compare_senders(pair, enslave(pair, "noqueue"));
}

// The queue sends it on with bottom halves off, where nobody is the sender.
TEST_P(Vrf, EachSenderQueued) {
    const Pair pair;
    compare_senders(pair, enslave(pair, "pfifo"));
}

// Within a VRF the loopback address is routed over lo, which no VRF can have. So a socket of the
// VRF gets no answer from there, and its connection never comes about: that is the stack's way,
// with the module as without. What lo carries meanwhile is all counted.
TEST_P(Vrf, LoopbackStaysOut) {
    const Pair pair;
    enslave(pair, "noqueue");
    add_address(pair.a.ns, "r0", v4() ? "127.0.0.1/8" : "::1/128");
    Ledger ledger({[&] { return device_counters(pair.a.ns, "lo"); }});
    Helper server(pair.a.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(Address::any(family()));
        test.send(Address::local_of(listener.get()).port());
        test.wait();
    });
    const Address to(v4() ? "127.0.0.1" : "::1", server.receive<std::uint16_t>());
    Helper client(pair.a.ns, [&](Channel& test) {
        const Fd socket(
            check(::socket(domain(family()), SOCK_STREAM | SOCK_NONBLOCK, 0), "socket"));
        check(::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, "r0", 3), "VRF");
        const int result = ::connect(socket.get(), to.get(), to.size());
        EXPECT_TRUE(result < 0 && errno == EINPROGRESS);
        pollfd waits{socket.get(), POLLOUT, 0};
        test.send(::poll(&waits, 1, 1500));
        test.wait();
    });
    compare("connections that came about, or were refused", 0, client.receive<int>());
    ledger.compare();
}

// What the VRF receives is counted as the device counts it that belongs to it.
TEST_P(Vrf, OverVlan) {
    const Pair pair;
    for (const auto* side : {&pair.a, &pair.b}) {
        side->ns.ip("link add link v0 name l0 type vlan id 5\nlink set l0 addrgenmode none\n"
                    "link set l0 up\n");
        set_offloads(side->ns, "l0", false);
    }
    converse(pair, enslave(pair, "noqueue", "l0"), "l0");
}

TEST_P(Vrf, OverBridge) {
    const Pair pair;
    for (const auto* side : {&pair.a, &pair.b}) {
        const std::string mac = side == &pair.a ? "02:00:00:00:00:0a" : "02:00:00:00:00:0b";
        side->ns.ip("link add l0 address " + mac +
                    " type bridge mcast_snooping 0\nlink set l0 addrgenmode none\n"
                    "link set v0 master l0\nlink set l0 up\n");
        set_offloads(side->ns, "l0", false);
    }
    // A port forwards nothing until the kernel has told the bridge of its carrier.
    for (const auto* side : {&pair.a, &pair.b}) {
        ASSERT_TRUE(eventually(
            [&] { return side->ns.run("ip link show l0").find("state UP") != std::string::npos; }));
    }
    converse(pair, enslave(pair, "noqueue", "l0"), "l0");
}
