// SPDX-License-Identifier: GPL-2.0-only
// Processes that only receive, and sockets that are older than the module: found all the same.
#include "lib/guest_test.h"

using namespace guest;

namespace {

class Receiver : public FamilyTest {
protected:
    Pair& pair_ = standard_pair();

    void send(const Address& to, std::size_t size, unsigned times) const {
        Helper(pair_.a.ns, [&](Channel&) {
            send_to(udp_socket(family()), to, size, times);
        }).join();
    }
};

class OlderSocket : public Receiver {
protected:
    void SetUp() override {
        if (module::loaded()) {
            ASSERT_EQ(module::unload(), 0);
        }
    }
    void TearDown() override { module::require(); }
    void load() {
        ASSERT_EQ(module::load(), 0);
        before_ = pair_.a.carried();
    }
    // What a's device carried since the load, seen from b.
    Traffic carried_to_b() const {
        const auto since = pair_.a.carried() - before_;
        return {since.in, since.out};
    }
    Traffic before_;
};

} // namespace

BOTH_FAMILIES(Receiver);
BOTH_FAMILIES(OlderSocket);

TEST_P(Receiver, UnconnectedFromItsFirstPacket) {
    Helper receiver(pair_.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair_.b.at(family()));
        test.send(Address::local_of(socket.get()).port());
        test.wait();
    });
    const auto to = pair_.b.at(family(), receiver.receive<std::uint16_t>());
    send(to, 200, 1);
    expect_task("after one datagram", receiver.pid(), udp_in(datagrams(family(), 1, 200)));
    send(to, 200, 24);
    expect_task("after 25", receiver.pid(), udp_in(datagrams(family(), 25, 200)));
}

TEST_P(Receiver, BoundToAnyAddress) {
    Helper receiver(pair_.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(Address::any(family()));
        test.send(Address::local_of(socket.get()).port());
        test.wait();
    });
    send(pair_.b.at(family(), receiver.receive<std::uint16_t>()), 200, 5);
    expect_task("receiver", receiver.pid(), udp_in(datagrams(family(), 5, 200)));
}

TEST_P(Receiver, ConnectedFromItsFirstPacket) {
    const auto from = pair_.a.at(family(), 7001);
    Helper receiver(pair_.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair_.b.at(family()));
        check(::connect(socket.get(), from.get(), from.size()), "connect");
        test.send(Address::local_of(socket.get()).port());
        test.wait();
    });
    const auto to = pair_.b.at(family(), receiver.receive<std::uint16_t>());
    Helper(pair_.a.ns, [&](Channel&) { send_to(udp_bound(from), to, 200, 9); }).join();
    expect_task("receiver", receiver.pid(), udp_in(datagrams(family(), 9, 200)));
}

TEST_P(Receiver, ResolvedWithoutAnybodyAsking) {
    Helper receiver(pair_.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair_.b.at(family()));
        test.send(Address::local_of(socket.get()).port());
        test.wait();
    });
    const auto waiting = module::counters("waiting");
    send(pair_.b.at(family(), receiver.receive<std::uint16_t>()), 200, 4);
    // /proc/netatop does not resolve: the work item has to, soon.
    compare_soon("packets waiting for an owner", waiting,
                 [] { return module::counters("waiting"); });
    expect_task("receiver", receiver.pid(), udp_in(datagrams(family(), 4, 200)));
}

TEST_P(OlderSocket, IdleTcpConnection) {
    const TcpTalk talk{family(), 5000, 300, 1};
    Helper server(pair_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(family()));
        test.send(Address::local_of(listener.get()).port());
        const Fd connection = tcp_accept(listener);
        test.signal();
        test.wait();
        read_stream(connection, talk.request);
        write_stream(connection, talk.response);
        test.signal();
        test.wait();
    });
    const auto to = pair_.b.at(family(), server.receive<std::uint16_t>());
    Helper client(pair_.a.ns, [&](Channel& test) {
        const Fd connection = tcp_connected(to);
        test.signal();
        test.wait();
        write_stream(connection, talk.request);
        read_stream(connection, talk.response);
        test.signal();
        test.wait();
    });
    server.wait();
    client.wait();
    ASSERT_NO_FATAL_FAILURE(load());
    server.signal();
    client.step();
    server.wait();
    compare_settled(
        "client",
        [&] {
            return tcp({carried_to_b().in, carried_to_b().out});
        },
        [&] { return ctl.process_counters(client.pid()); });
    compare_settled(
        "server", [&] { return tcp(carried_to_b()); },
        [&] { return ctl.process_counters(server.pid()); });
}

TEST_P(OlderSocket, TcpThatOnlyReceives) {
    Helper server(pair_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(family()));
        test.send(Address::local_of(listener.get()).port());
        const Fd connection = tcp_accept(listener);
        test.signal();
        read_stream(connection, 40000); // acknowledged by the stack; the process never sends
        test.signal();
        test.wait();
    });
    const auto to = pair_.b.at(family(), server.receive<std::uint16_t>());
    Helper client(pair_.a.ns, [&](Channel& test) {
        const Fd connection = tcp_connected(to);
        test.signal();
        test.wait();
        write_stream(connection, 40000);
        test.wait();
    });
    server.wait();
    client.wait();
    ASSERT_NO_FATAL_FAILURE(load());
    client.signal();
    server.wait();
    compare_settled(
        "receiver", [&] { return tcp(carried_to_b()); },
        [&] { return ctl.process_counters(server.pid()); });
}

TEST_P(OlderSocket, UdpThatOnlyReceives) {
    Helper receiver(pair_.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair_.b.at(family()));
        test.send(Address::local_of(socket.get()).port());
        test.wait();
    });
    const auto to = pair_.b.at(family(), receiver.receive<std::uint16_t>());
    send(to, 500, 3); // before the module is there
    ASSERT_NO_FATAL_FAILURE(load());
    send(to, 500, 11);
    expect_task("receiver", receiver.pid(), udp_in(datagrams(family(), 11, 500)));
}

TEST_P(OlderSocket, Listener) {
    Helper server(pair_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(family()));
        test.send(Address::local_of(listener.get()).port());
        test.wait();
    });
    const auto to = pair_.b.at(family(), server.receive<std::uint16_t>());
    ASSERT_NO_FATAL_FAILURE(load());
    Helper client(pair_.a.ns, [&](Channel& test) {
        const Fd connection = tcp_connected(to);
        test.signal();
        test.wait();
    });
    client.wait();
    expect_task("listener", server.pid(), tcp(accepted_handshake(family())));
}
