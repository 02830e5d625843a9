// SPDX-License-Identifier: GPL-2.0-only
// IPVS takes packets and sends them itself: those of this host are still their sender's, and those
// of others it only forwards.
#include "lib/guest_test.h"

#include "lib/balancer.h"

using namespace guest;

namespace {

constexpr std::uint16_t service_port = 8000;

class Balancer : public FamilyTest {
protected:
    // Serves a connection, then datagrams; tells the ports of both.
    Helper server_at(const Address& at, const Namespace& ns) const {
        return {ns, [&](Channel& test) {
                    const Fd listener = tcp_listener(at);
                    const Fd socket = udp_bound(at);
                    test.send(Address::local_of(listener.get()).port());
                    test.send(Address::local_of(socket.get()).port());
                    const Fd connection = tcp_accept(listener);
                    read_stream(connection, 50000);
                    write_stream(connection, 20000);
                    read_to_end(connection);
                    finish_writing(connection);
                    echo(socket, 3);
                    test.signal();
                    test.wait();
                }};
    }

    // The client's side of both; the connection stays until it is let go.
    Fd talk(const Address& service) const {
        Fd connection = tcp_connected(service);
        write_stream(connection, 50000);
        read_stream(connection, 20000);
        finish_writing(connection);
        read_to_end(connection);
        return connection;
    }
    void ask(const Address& service) const {
        const Fd socket = udp_socket(family());
        for (const std::size_t size : {1, 100, 1400}) {
            send_to(socket, service, size);
            receive(socket);
        }
    }

    // Three datagrams that nobody answers.
    Helper giver(const Namespace& ns, const Address& service, std::size_t largest) const {
        return {ns, [&](Channel& test) {
                    const Fd socket = udp_socket(family());
                    for (const std::size_t size : {std::size_t{1}, std::size_t{100}, largest})
                        send_to(socket, service, size);
                    test.signal();
                    test.wait();
                }};
    }
    static Helper taker(const Namespace& ns, const Address& service) {
        return {ns, [&](Channel& test) {
                    const Fd socket = udp_bound(service);
                    test.signal();
                    receive(socket, 3);
                    test.signal();
                    test.wait();
                }};
    }

    // Packets of a client that the router sends on by a tunnel: nothing of that is the router's.
    void compare_forwarded_in_tunnel(std::uint16_t gue_port);
};

void Balancer::compare_forwarded_in_tunnel(std::uint16_t gue_port) {
    const Route route;
    const std::string address = v4() ? "10.9.9.9" : "fd99::9";
    const std::string bits = v4() ? "/32" : "/128";
    const std::string tunnel = v4() ? "tunl0" : "ip6tnl0";
    const Address service(address, service_port);
    route.b.ns.run("modprobe -a ipip ip6_tunnel");
    route.b.ns.ip((v4() ? "" : "link set " + tunnel + " addrgenmode none\n") + "link set " +
                  tunnel + " up\n");
    add_address(route.router, "lo", address + bits);
    add_address(route.b.ns, tunnel, address + bits);
    if (gue_port) {
        route.b.ns.run("modprobe -a fou fou6");
        route.b.ns.ip("fou add port " + std::to_string(gue_port) + " gue" +
                      (v4() ? "\n" : " -6\n"));
    }
    balance(route.router, IPPROTO_UDP, service, route.b.at(family(), service_port), Forward::tunnel,
            gue_port);
    Helper server = taker(route.b.ns, service);
    server.wait();
    Ledger ledger(
        {[&] { return route.a.carried(); }, [&] { return device_counters(route.b.ns, tunnel); }});
    const auto carrying = [&] { return device_counters(route.b.ns, "v0"); };
    const auto before = carrying();
    Helper client = giver(route.a.ns, service, 1300);
    client.wait();
    server.wait();
    compare_settled(
        "programs", [&] { return udp(ledger.carried()); },
        [&] { return ledger.credited() - ledger.in_class("kernel"); });
    compare_settled(
        "kernel", [&] { return udp(gue_port ? carrying() - before : Traffic{}); },
        [&] { return ledger.in_class("kernel"); });
}

} // namespace

BOTH_FAMILIES(Balancer);

TEST_P(Balancer, OwnPacketsAreTheSenders) {
    const Pair pair;
    const Address service(v4() ? "10.0.0.100" : "fd00::100", service_port);
    add_address(pair.a.ns, "lo", v4() ? "10.0.0.100/32" : "fd00::100/128");
    add_neighbour(pair.b.ns, "v0", v4() ? "10.0.0.100" : "fd00::100", "02:00:00:00:00:0a");
    Ledger ledger(pair.a, pair.b);
    const auto before = pair.a.carried();
    Helper server = server_at(pair.b.at(family()), pair.b.ns);
    const auto tcp_port = server.receive<std::uint16_t>();
    const auto udp_port = server.receive<std::uint16_t>();
    balance(pair.a.ns, IPPROTO_TCP, service, pair.b.at(family(), tcp_port), Forward::masquerading);
    balance(pair.a.ns, IPPROTO_UDP, service, pair.b.at(family(), udp_port), Forward::masquerading);
    Helper client(pair.a.ns, [&](Channel& test) {
        const Fd connection = talk(service);
        test.signal();
        test.wait();
        ask(service);
        test.signal();
        test.wait();
    });
    client.wait();
    compare_settled(
        "client, TCP", [&] { return tcp(pair.a.carried() - before); },
        [&] { return ctl.process_counters(client.pid()) + ledger.in_class("nosocket"); });
    client.step();
    server.wait();
    // What comes for a connection in TIME_WAIT has no socket.
    compare_settled(
        "client, all", [&] { return pair.a.carried() - before; },
        [&] { return (ctl.process_counters(client.pid()) + ledger.in_class("nosocket")).both(); });
    ledger.compare();
}

// Sent by a tunnel: what leaves is the sender's, as the protocol that it uses.
TEST_P(Balancer, OwnPacketsInTunnel) {
    const Pair pair;
    const Address service(v4() ? "10.0.0.100" : "fd00::100", service_port);
    add_address(pair.a.ns, "lo", v4() ? "10.0.0.100/32" : "fd00::100/128");
    balance(pair.a.ns, IPPROTO_UDP, service, pair.b.at(family(), service_port), Forward::tunnel);
    // What has no tunnel at the other end is not answered: its stack would by ICMP.
    pair.b.ns.nft(
        "table inet quiet {\n chain input {\n type filter hook prerouting priority -300;\n"
        " meta l4proto { 4, 41 } drop\n }\n}\n");
    const auto before = device_counters(pair.a.ns, "v0");
    Helper client = giver(pair.a.ns, service, 1300);
    client.wait();
    compare_settled(
        "client", [&] { return udp(device_counters(pair.a.ns, "v0") - before); },
        [&] { return ctl.process_counters(client.pid()); });
}

TEST_P(Balancer, PacketsOfOthersAreForwarded) {
    const Route route;
    const Address service(v4() ? "10.0.1.254" : "fd01::fe", service_port);
    Ledger ledger(route.a, route.b);
    Helper server = server_at(route.b.at(family()), route.b.ns);
    const auto tcp_port = server.receive<std::uint16_t>();
    const auto udp_port = server.receive<std::uint16_t>();
    balance(route.router, IPPROTO_TCP, service, route.b.at(family(), tcp_port),
            Forward::masquerading);
    balance(route.router, IPPROTO_UDP, service, route.b.at(family(), udp_port),
            Forward::masquerading);
    Helper client(route.a.ns, [&](Channel& test) {
        const Fd connection = talk(service);
        ask(service);
        test.signal();
        test.wait();
    });
    client.wait();
    server.wait();
    ledger.compare();
}

TEST_P(Balancer, PacketsOfOthersForwardedAsTheyAre) {
    const Route route;
    const std::string address = v4() ? "10.9.9.9" : "fd99::9";
    const std::string bits = v4() ? "/32" : "/128";
    const Address service(address, service_port);
    add_address(route.router, "lo", address + bits);
    add_address(route.b.ns, "lo", address + bits);
    balance(route.router, IPPROTO_UDP, service, route.b.at(family(), service_port),
            Forward::direct);
    Ledger ledger(route.a, route.b);
    Helper server = taker(route.b.ns, service);
    server.wait();
    Helper client = giver(route.a.ns, service, 1400);
    client.wait();
    server.wait();
    ledger.compare();
}

TEST_P(Balancer, PacketsOfOthersForwardedInTunnel) {
    compare_forwarded_in_tunnel(0);
}

// The server takes them out of UDP; what carries them is its kernel's.
TEST_P(Balancer, PacketsOfOthersForwardedInUdp) {
    compare_forwarded_in_tunnel(5555);
}
