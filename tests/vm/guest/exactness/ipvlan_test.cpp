// SPDX-License-Identifier: GPL-2.0-only
// A container on an ipvlan: what it sends is routed once more in its parent's namespace, and in
// mode L3S what it receives passes the hooks there. Each packet is the container's process's, once.
#include "lib/guest_test.h"

#include <net/if.h>

using namespace guest;

namespace {

class Ipvlan : public FamilyTest {
protected:
    std::string own() const { return family() == Family::v4 ? "10.0.0.3" : "fd00::3"; }

    // A container beside a, with an address of a's network on a device i0.
    void add_container(const Pair& pair, const Namespace& container, const std::string& mode) {
        keep_quiet(container);
        pair.a.ns.run("modprobe -a ipvlan");
        pair.a.ns.ip("link add i0 link v0 type ipvlan mode " + mode + "\nlink set i0 netns " +
                     container.path() + "\n");
        // What is set before a device moves to another namespace is lost.
        container.sysctl("ipv6/conf/i0/router_solicitations", "0");
        container.sysctl("ipv6/conf/i0/accept_ra", "0");
        container.ip("link set i0 addrgenmode none\nlink set i0 up\n");
        set_offloads(container, "i0", false);
        add_address(container, "i0", "10.0.0.3/24");
        add_address(container, "i0", "fd00::3/64");
        if (mode == "l2") {
            add_neighbour(container, "i0", "10.0.0.2", "02:00:00:00:00:0b");
            add_neighbour(container, "i0", "fd00::2", "02:00:00:00:00:0b");
        }
        add_neighbour(pair.b.ns, "v0", "10.0.0.3", "02:00:00:00:00:0a");
        add_neighbour(pair.b.ns, "v0", "fd00::3", "02:00:00:00:00:0a");
    }

    // Datagrams to the container and back, fragments too, then connections both ways. A process of
    // the host listens at the container's port.
    void converse(const Pair& pair, const Namespace& container, const char* bound_to = nullptr) {
        constexpr unsigned times = 5;
        // An ipvlan leaves acknowledgements out, and in L3S counts reassembled datagrams.
        const auto carried = [&] {
            const auto peer = pair.b.carried();
            return Traffic{peer.in, peer.out};
        };
        Ledger ledger({carried, [&] { return pair.b.carried(); }});
        const auto before = carried();
        Helper server(container, [&](Channel& test) {
            const Fd socket = udp_socket(family());
            if (bound_to)
                check(::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, bound_to,
                                   static_cast<socklen_t>(std::string(bound_to).size())),
                      "device");
            const auto at = Address::any(family());
            check(::bind(socket.get(), at.get(), at.size()), "bind");
            test.send(Address::local_of(socket.get()).port());
            echo(socket, 3 * times);
            test.signal();
            test.wait();
        });
        const auto port = server.receive<std::uint16_t>();
        Helper host(pair.a.ns, [&](Channel& test) {
            const Fd socket = udp_bound(Address::any(family(), port));
            test.signal();
            test.wait();
        });
        host.wait();
        Helper client(pair.b.ns, [&](Channel& test) {
            const Fd socket = udp_socket(family());
            for (unsigned i = 0; i < times; i++) {
                for (const std::size_t size : {100, 1400, 4000}) {
                    send_to(socket, Address(own(), port), size);
                    receive(socket);
                }
            }
            test.signal();
            test.wait();
        });
        client.wait();
        server.wait();
        compare_settled(
            "container's process", [&] { return udp(carried() - before); },
            [&] { return ctl.process_counters(server.pid()); });
        expect_process("the host's", host.pid(), {});

        TcpParties to_container(pair.b.ns, container, Address(own(), 0),
                                {family(), 100000, 20000, 1});
        to_container.run();
        TcpParties to_peer(container, pair.b.ns, pair.b.at(family()), {family(), 100000, 20000, 1});
        to_peer.run();
        ledger.compare();
        // All but what came for a connection in TIME_WAIT has a socket.
        EXPECT_LT(ledger.in_class("nosocket").both().out.packets, 5);
    }

    void converse_in_mode(const std::string& mode, bool loaded_after = false,
                          const char* bound_to = nullptr) {
        const Pair pair;
        const Namespace container;
        add_container(pair, container, mode);
        if (loaded_after)
            module::reload();
        converse(pair, container, bound_to);
    }
};

} // namespace

BOTH_FAMILIES(Ipvlan);

TEST_P(Ipvlan, L2) {
    converse_in_mode("l2");
}

TEST_P(Ipvlan, L3) {
    converse_in_mode("l3");
}

TEST_P(Ipvlan, L3S) {
    converse_in_mode("l3s");
}

// The hook in which the packet becomes the ipvlan's then comes after ours, not before.
TEST_P(Ipvlan, L3SOlderThanTheModule) {
    converse_in_mode("l3s", true);
}

TEST_P(Ipvlan, L3SBoundToTheDevice) {
    converse_in_mode("l3s", false, "i0");
    if (family() == Family::v4)
        converse_in_mode("l3s", true, "i0");
}
