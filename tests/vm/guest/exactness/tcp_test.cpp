// SPDX-License-Identifier: GPL-2.0-only
// Tasks and classes together equal the devices of both ends: TCP, smooth and not.
#include "lib/guest_test.h"

#include <algorithm>
#include <memory>

using namespace guest;

namespace {

class ExactTcp : public FamilyTest {
protected:
    // One conversation between a and b; both processes alone must account for all of it.
    void converse(const Side& a, const Side& b, const TcpTalk& talk) {
        Ledger ledger(a, b);
        TcpParties parties(a.ns, b.ns, b.at(talk.family), talk);
        parties.run();
        compare_settled(
            "both processes, and class nosocket", [&] { return tcp(ledger.carried()); },
            [&] {
                return ctl.process_counters(parties.client.pid()) +
                       ctl.process_counters(parties.server.pid()) + ledger.in_class("nosocket");
            });
        ledger.compare();
        retransmitted_ = parties.client_tally.retransmitted + parties.server_tally.retransmitted;
        nosocket_ = ledger.in_class("nosocket");
    }
    std::uint64_t retransmitted_ = 0;
    Counters nosocket_; // late duplicates of a connection that is over, and their resets
};

} // namespace

BOTH_FAMILIES(ExactTcp);

TEST_P(ExactTcp, Bulk) {
    const auto& pair = standard_pair();
    converse(pair.a, pair.b, {family(), 2000000, 1, 1});
    compare("class nosocket", Counters{}, nosocket_);
}

TEST_P(ExactTcp, BulkBackwards) {
    const auto& pair = standard_pair();
    converse(pair.a, pair.b, {family(), 1, 2000000, 1});
    compare("class nosocket", Counters{}, nosocket_);
}

TEST_P(ExactTcp, RequestAndResponse) {
    const auto& pair = standard_pair();
    converse(pair.a, pair.b, {family(), 100, 900, 100});
    compare("class nosocket", Counters{}, nosocket_);
}

TEST_P(ExactTcp, ConnectionsThatEndAtOnce) {
    const auto& pair = standard_pair();
    Ledger ledger(pair.a, pair.b);
    Helper server(pair.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair.b.at(family()));
        test.send(Address::local_of(listener.get()).port());
        for (;;) {
            const Fd connection = tcp_accept(listener);
            write_stream(connection, read_stream(connection, 10));
        }
    });
    const auto port = server.receive<std::uint16_t>();
    for (int i = 0; i < 20; i++) {
        Helper client(pair.a.ns, [&](Channel&) {
            const Fd connection = tcp_connected(pair.b.at(family(), port));
            write_stream(connection, 10);
            if (i % 2) // with unread data, the close is a reset
                read_stream(connection, 10);
        });
        client.join();
    }
    ledger.compare();
}

// Many more than are known at a time: one that is over is soon forgotten, and nothing of it is
// lost, not even the reset that follows a close with unread data.
TEST_P(ExactTcp, ManyConnectionsOneAfterTheOther) {
    constexpr int ROUNDS = 20;
    constexpr int CONNECTIONS = 100; // a round, with an entry for each end
    const auto& pair = standard_pair();
    Ledger ledger(pair.a, pair.b);
    const auto known = module::Status::read().number("objects", 0);
    Helper server(pair.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair.b.at(family()));
        test.send(Address::local_of(listener.get()).port());
        for (int i = 0; i < ROUNDS * CONNECTIONS; i++) {
            const Fd connection = tcp_accept(listener);
            read_stream(connection, 10);
            write_stream(connection, 10);
        }
        test.signal();
        test.wait();
    });
    const auto port = server.receive<std::uint16_t>();
    Helper client(pair.a.ns, [&](Channel& test) {
        char unread;
        for (int i = 1; i <= ROUNDS * CONNECTIONS; i++) {
            const Fd connection = tcp_connected(pair.b.at(family(), port));
            write_stream(connection, 10);
            if (i % 2)
                read_stream(connection, 10);
            else
                check(::recv(connection.get(), &unread, 1, MSG_PEEK), "recv");
            if (i % CONNECTIONS == 0)
                test.signal();
        }
        test.wait();
    });
    std::uint64_t most = 0;
    for (int i = 0; i < ROUNDS; i++) {
        client.wait();
        most = std::max(most, module::Status::read().number("objects", 0));
    }
    server.wait();
    std::cout << "  entries of sockets: " << known << " before, " << most << " at most"
              << std::endl;
    EXPECT_LT(most, known + 5 * CONNECTIONS);
    compare_settled(
        "both processes, and class nosocket", [&] { return tcp(ledger.carried()); },
        [&] {
            return ctl.process_counters(client.pid()) + ctl.process_counters(server.pid()) +
                   ledger.in_class("nosocket");
        });
    ledger.compare();
}

TEST_P(ExactTcp, RefusedConnections) {
    const auto& pair = standard_pair();
    Ledger ledger(pair.a, pair.b);
    Helper client(pair.a.ns, [&](Channel& test) {
        for (int i = 0; i < 10; i++) {
            const Fd socket(check(::socket(domain(family()), SOCK_STREAM, 0), "socket"));
            const auto to = pair.b.at(family(), 7);
            if (::connect(socket.get(), to.get(), to.size()) == 0)
                throw std::runtime_error("a closed port accepts");
        }
        test.signal();
        test.wait();
    });
    client.wait();
    ledger.compare();
    // 10 SYNs to no socket, 10 resets of no socket; the client has its own side of them.
    const auto nosocket = ledger.in_class("nosocket").tcp;
    const auto client_side = ctl.process_counters(client.pid()).tcp;
    compare("class nosocket", Traffic{client_side.in, client_side.out}, nosocket);
    compare("resets", std::uint64_t{10}, nosocket.out.packets);
}

TEST_P(ExactTcp, SynCookies) {
    const Pair pair;
    pair.b.ns.sysctl("ipv4/tcp_syncookies", "2"); // always; for both families
    Ledger ledger(pair.a, pair.b);
    TcpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()), {family(), 3000, 3000, 1});
    parties.run();
    ledger.compare();
    // A SYN-ACK with a cookie is sent without any socket of the connection.
    const auto nosocket = ledger.in_class("nosocket");
    compare_settled(
        "both processes and class nosocket", [&] { return tcp(ledger.carried()); },
        [&] {
            return ctl.process_counters(parties.client.pid()) +
                   ctl.process_counters(parties.server.pid()) + nosocket;
        });
    compare("SYN-ACKs without socket", std::uint64_t{1}, nosocket.tcp.out.packets);
}

TEST_P(ExactTcp, LossOnTheWayForth) {
    const Route route;
    route.impair_forth("loss 3%");
    converse(route.a, route.b, {family(), 400000, 1000, 1});
    std::cout << scenario() << ": retransmitted " << retransmitted_ << std::endl;
}

TEST_P(ExactTcp, LossBothWaysWithDelay) {
    const Route route;
    route.impair_forth("delay 2ms loss 5%");
    route.impair_back("delay 2ms loss 5%");
    converse(route.a, route.b, {family(), 30000, 30000, 3});
    EXPECT_GT(retransmitted_, 0U) << "nothing was lost: the scenario shows nothing";
}

TEST_P(ExactTcp, DuplicatesAndReordering) {
    const Route route;
    route.impair_forth("delay 2ms reorder 20% duplicate 5%");
    converse(route.a, route.b, {family(), 300000, 1000, 1});
}

TEST_P(ExactTcp, TwoProcessorsSendAtOnce) {
    const auto& pair = standard_pair();
    Ledger ledger(pair.a, pair.b);
    constexpr int pairs = 2;
    std::vector<std::unique_ptr<TcpParties>> all;
    for (int i = 0; i < pairs; i++)
        all.push_back(std::make_unique<TcpParties>(pair.a.ns, pair.b.ns, pair.b.at(family()),
                                                   TcpTalk{family(), 300000, 300000, 2}));
    for (auto& parties : all)
        parties->client.send(parties->server.receive<std::uint16_t>());
    for (auto& parties : all) {
        parties->client.wait();
        parties->server.wait();
    }
    Counters sum;
    compare_settled(
        "all processes", [&] { return tcp(ledger.carried()); },
        [&] {
            sum = {};
            for (const auto& parties : all)
                sum = sum + ctl.process_counters(parties->client.pid()) +
                      ctl.process_counters(parties->server.pid());
            return sum;
        });
    ledger.compare();
}
