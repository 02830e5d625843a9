// SPDX-License-Identifier: GPL-2.0-only
// Addresses and headers out of the ordinary: groups, broadcast, mapped addresses, IPv6 extension
// headers, raw sockets.
#include "lib/guest_test.h"

#include <arpa/inet.h>
#include <cstring>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>

using namespace guest;

namespace {

class Addresses : public FamilyTest {
protected:
    Pair& pair_ = standard_pair();
};

class Ipv4Only : public GuestTest {
protected:
    Pair& pair_ = standard_pair();
};

class Ipv6Only : public GuestTest {
protected:
    Pair& pair_ = standard_pair();
};

Address group(Family family, std::uint16_t port) {
    return {family == Family::v4 ? "239.1.2.3" : "ff15::1234", port};
}

void join_group(const Fd& socket, Family family) {
    group_req request{};
    request.gr_interface = ::if_nametoindex("v0");
    const auto address = group(family, 0);
    std::memcpy(&request.gr_group, address.get(), address.size());
    check(::setsockopt(socket.get(), family == Family::v4 ? SOL_IP : SOL_IPV6, MCAST_JOIN_GROUP,
                       &request, sizeof(request)),
          "join group");
}

// Sends to the group through v0, not back to this host.
Fd group_sender(Family family) {
    Fd socket = udp_socket(family);
    const int index = static_cast<int>(::if_nametoindex("v0"));
    if (family == Family::v4) {
        ip_mreqn request{};
        request.imr_ifindex = index;
        check(::setsockopt(socket.get(), SOL_IP, IP_MULTICAST_IF, &request, sizeof(request)),
              "multicast interface");
        set_option(socket, SOL_IP, IP_MULTICAST_LOOP, 0);
    } else {
        set_option(socket, SOL_IPV6, IPV6_MULTICAST_IF, index);
        set_option(socket, SOL_IPV6, IPV6_MULTICAST_LOOP, 0);
    }
    return socket;
}

// An extension header of 8 bytes that says nothing.
void add_extension(const Fd& socket, int option) {
    const unsigned char padding[8] = {0, 0, 1, 4, 0, 0, 0, 0};
    check(::setsockopt(socket.get(), SOL_IPV6, option, padding, sizeof(padding)),
          "extension header");
}

} // namespace

BOTH_FAMILIES(Addresses);

TEST_P(Addresses, MulticastReceiver) {
    Helper receiver(pair_.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(Address::any(family()));
        join_group(socket, family());
        test.send(Address::local_of(socket.get()).port());
        receive(socket, 14);
        test.signal();
        test.wait();
    });
    const auto to = group(family(), receiver.receive<std::uint16_t>());
    Helper sender(pair_.a.ns, [&](Channel& test) {
        send_to(group_sender(family()), to, 120, 14);
        test.signal();
        test.wait();
    });
    sender.wait();
    receiver.wait();
    const auto expected = datagrams(family(), 14, 120);
    expect_task("sender", sender.pid(), udp_out(expected));
    expect_task("receiver", receiver.pid(), udp_in(expected));
}

TEST_P(Addresses, MulticastToTwoReceiversIsCountedOnce) {
    Ledger ledger(pair_.a, pair_.b);
    std::vector<Helper> receivers;
    std::uint16_t port = 0;
    for (int i = 0; i < 2; i++) {
        receivers.emplace_back(pair_.b.ns, [&](Channel& test) {
            const Fd socket = udp_bound(Address::any(family(), port));
            join_group(socket, family());
            test.send(Address::local_of(socket.get()).port());
            receive(socket, 6);
            test.signal();
            test.wait();
        });
        port = receivers.back().receive<std::uint16_t>();
    }
    Helper(pair_.a.ns, [&](Channel&) {
        send_to(group_sender(family()), group(family(), port), 120, 6);
    }).join();
    for (auto& receiver : receivers)
        receiver.wait();
    ledger.compare();
}

TEST_F(Ipv4Only, BroadcastReceiver) {
    Helper receiver(pair_.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(Address::any(Family::v4));
        set_option(socket, SOL_SOCKET, SO_BROADCAST, 1);
        test.send(Address::local_of(socket.get()).port());
        receive(socket, 9);
        test.signal();
        test.wait();
    });
    const Address to("10.0.0.255", receiver.receive<std::uint16_t>());
    Helper sender(pair_.a.ns, [&](Channel& test) {
        const Fd socket = udp_socket(Family::v4);
        set_option(socket, SOL_SOCKET, SO_BROADCAST, 1);
        send_to(socket, to, 120, 9);
        test.signal();
        test.wait();
    });
    sender.wait();
    receiver.wait();
    const auto expected = datagrams(Family::v4, 9, 120);
    expect_task("sender", sender.pid(), udp_out(expected));
    expect_task("receiver", receiver.pid(), udp_in(expected));
}

// Each of them gets a copy; one, and always the same, has them all.
TEST_F(Ipv4Only, BroadcastToTwoReceiversIsCountedOnce) {
    constexpr unsigned times = 6;
    for (const auto* address : {"10.0.0.255", "255.255.255.255"}) {
        Ledger ledger(pair_.a, pair_.b);
        std::vector<Helper> receivers;
        std::uint16_t port = 0;
        for (int i = 0; i < 2; i++) {
            receivers.emplace_back(pair_.b.ns, [&](Channel& test) {
                const Fd socket = udp_bound(Address::any(Family::v4, port));
                test.send(Address::local_of(socket.get()).port());
                receive(socket, times);
                test.signal();
                test.wait();
            });
            port = receivers.back().receive<std::uint16_t>();
        }
        Helper(pair_.a.ns, [&](Channel&) {
            const Fd socket = udp_socket(Family::v4);
            set_option(socket, SOL_SOCKET, SO_BROADCAST, 1);
            check(::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, "v0", 3), "device");
            send_to(socket, Address(address, port), 120, times);
        }).join();
        for (auto& receiver : receivers)
            receiver.wait();
        ledger.compare(address);
        const auto all = udp_in(datagrams(Family::v4, times, 120));
        const auto first = ctl.process_counters(receivers[0].pid());
        const auto& other = first == all ? receivers[1] : receivers[0];
        expect_task("one", receivers[first == all ? 0 : 1].pid(), all);
        expect_process("the other", other.pid(), {});
    }
}

TEST_F(Ipv4Only, RawSocketSendingUdp) {
    Helper receiver(pair_.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair_.b.at(Family::v4));
        test.send(Address::local_of(socket.get()).port());
        receive(socket, 8);
        test.signal();
        test.wait();
    });
    const auto to = pair_.b.at(Family::v4, receiver.receive<std::uint16_t>());
    Helper sender(pair_.a.ns, [&](Channel& test) {
        const Fd raw(check(::socket(AF_INET, SOCK_RAW, IPPROTO_UDP), "raw socket"));
        struct {
            udphdr header{};
            char payload[50] = {};
        } datagram;
        datagram.header.source = htons(7777);
        datagram.header.dest = htons(to.port());
        datagram.header.len = htons(sizeof(datagram));
        const auto address = to.with_port(0);
        for (int i = 0; i < 8; i++)
            check(
                ::sendto(raw.get(), &datagram, sizeof(datagram), 0, address.get(), address.size()),
                "raw send");
        test.signal();
        test.wait();
    });
    sender.wait();
    receiver.wait();
    const auto expected = datagrams(Family::v4, 8, 50);
    expect_task("raw sender", sender.pid(), udp_out(expected));
    expect_task("receiver", receiver.pid(), udp_in(expected));
}

TEST_F(Ipv4Only, ListeningRawSocketIsNotCredited) {
    Helper listener(pair_.b.ns, [&](Channel& test) {
        const Fd raw(check(::socket(AF_INET, SOCK_RAW, IPPROTO_UDP), "raw socket"));
        test.signal();
        test.wait();
    });
    listener.wait();
    UdpParties parties(pair_.a.ns, pair_.b.ns, pair_.b.at(Family::v4));
    parties.send(50, 5);
    expect_task("receiver", parties.receiver.pid(), udp_in(datagrams(Family::v4, 5, 50)));
    compare("the raw socket's process has counters", false,
            ctl.process(listener.pid()).has_value());
}

TEST_F(Ipv6Only, MappedAddresses) {
    const auto before = pair_.b.carried();
    Helper server(pair_.b.ns, [&](Channel& test) {
        const Fd udp = udp_bound(Address::any(Family::v6));
        const Fd listener = tcp_listener(Address::any(Family::v6));
        test.send(Address::local_of(udp.get()).port());
        test.send(Address::local_of(listener.get()).port());
        echo(udp, 5);
        test.wait();
        const Fd connection = tcp_accept(listener);
        write_stream(connection, read_stream(connection, 5000));
        test.signal();
        test.wait();
    });
    const auto udp_port = server.receive<std::uint16_t>();
    const auto tcp_port = server.receive<std::uint16_t>();
    Helper client(pair_.a.ns, [&](Channel& test) {
        const Fd udp = udp_socket(Family::v6);
        send_to(udp, Address("::ffff:10.0.0.2", udp_port), 60, 5);
        receive(udp, 5);
        test.signal();
        test.wait();
        const Fd connection = tcp_connected(Address("::ffff:10.0.0.2", tcp_port));
        write_stream(connection, 5000);
        read_stream(connection, 5000);
        test.signal();
        test.wait();
    });
    client.wait();
    const auto each = datagrams(Family::v4, 5, 60);
    expect_task("UDP client", client.pid(), udp({each, each}));
    expect_task("UDP server", server.pid(), udp({each, each}));
    server.signal();
    client.step();
    server.wait();
    const Traffic datagram_part{each, each};
    compare_settled(
        "server",
        [&] { return udp(datagram_part) + tcp(pair_.b.carried() - before - datagram_part); },
        [&] { return ctl.process_counters(server.pid()); });
    compare_settled(
        "client",
        [&] {
            const auto stream = pair_.b.carried() - before - datagram_part;
            return udp(datagram_part) + tcp({stream.in, stream.out});
        },
        [&] { return ctl.process_counters(client.pid()); });
}

TEST_F(Ipv6Only, ExtensionHeadersOnDatagrams) {
    Helper receiver(pair_.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair_.b.at(Family::v6));
        test.send(Address::local_of(socket.get()).port());
        receive(socket, 7);
        test.signal();
        test.wait();
    });
    const auto to = pair_.b.at(Family::v6, receiver.receive<std::uint16_t>());
    Helper sender(pair_.a.ns, [&](Channel& test) {
        const Fd socket = udp_socket(Family::v6);
        add_extension(socket, IPV6_HOPOPTS);
        add_extension(socket, IPV6_DSTOPTS);
        send_to(socket, to, 60, 7);
        test.signal();
        test.wait();
    });
    sender.wait();
    receiver.wait();
    const auto expected = datagrams(Family::v6, 7, 60 + 8 + 8);
    expect_task("sender", sender.pid(), udp_out(expected));
    expect_task("receiver", receiver.pid(), udp_in(expected));
}

TEST_F(Ipv6Only, ExtensionHeadersOnAConnection) {
    const auto before = pair_.a.carried();
    Helper server(pair_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(Family::v6));
        test.send(Address::local_of(listener.get()).port());
        const Fd connection = tcp_accept(listener);
        read_stream(connection, 20000);
        write_stream(connection, 1);
        test.wait();
    });
    const auto to = pair_.b.at(Family::v6, server.receive<std::uint16_t>());
    Helper client(pair_.a.ns, [&](Channel& test) {
        const Fd connection(check(::socket(AF_INET6, SOCK_STREAM, 0), "socket"));
        add_extension(connection, IPV6_DSTOPTS);
        check(::connect(connection.get(), to.get(), to.size()), "connect");
        write_stream(connection, 20000);
        read_stream(connection, 1);
        test.signal();
        test.wait();
    });
    client.wait();
    const auto carried = [&] { return pair_.a.carried() - before; };
    compare_settled(
        "client", [&] { return tcp(carried()); },
        [&] { return ctl.process_counters(client.pid()); });
    compare_settled(
        "server",
        [&] {
            return tcp({carried().in, carried().out});
        },
        [&] { return ctl.process_counters(server.pid()); });
}
