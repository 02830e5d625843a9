// SPDX-License-Identifier: GPL-2.0-only
// Connections that do not begin with a bare SYN and its answer.
#include "lib/guest_test.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <vector>

using namespace guest;

namespace {

constexpr std::size_t request = 700;
constexpr std::size_t response = 2000;

class Opening : public FamilyTest {
protected:
    // Both processes are there until the end of the scenario, and their connection with them.
    void expect_ends(const Side& a, Traffic a_before, const Helper& at_a, const Side& b,
                     Traffic b_before, const Helper& at_b) const {
        compare_settled(
            "client", [&] { return tcp(a.carried() - a_before); },
            [&] { return ctl.process_counters(at_a.pid()); });
        compare_settled(
            "server", [&] { return tcp(b.carried() - b_before); },
            [&] { return ctl.process_counters(at_b.pid()); });
    }
};

// A connection that was taken over from elsewhere, as when a container moves: nothing is sent.
Fd restored(const Address& own, const Address& peer, std::uint32_t sends, std::uint32_t receives) {
    Fd socket(check(::socket(domain(own.family()), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(socket, IPPROTO_TCP, TCP_REPAIR, 1);
    check(::bind(socket.get(), own.get(), own.size()), "bind");
    const auto begin = [&](int queue, std::uint32_t at) {
        set_option(socket, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue);
        set_option(socket, IPPROTO_TCP, TCP_QUEUE_SEQ, static_cast<int>(at));
    };
    begin(TCP_SEND_QUEUE, sends);
    begin(TCP_RECV_QUEUE, receives);
    check(::connect(socket.get(), peer.get(), peer.size()), "connect");
    set_option(socket, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP);
    return socket;
}

} // namespace

BOTH_FAMILIES(Opening);

// The SYN has data, which the listener's side has before the handshake is over.
TEST_P(Opening, WithDataInTheSyn) {
    const Pair pair;
    // By the client and by each listener, without a cookie.
    for (const auto* ns : {&pair.a.ns, &pair.b.ns})
        ns->sysctl("ipv4/tcp_fastopen", std::to_string(0x1 | 0x2 | 0x4 | 0x200 | 0x400));
    Ledger ledger(pair.a, pair.b);
    Helper server(pair.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair.b.at(family(), 80));
        test.signal();
        const Fd connection = tcp_accept(listener);
        read_stream(connection, request);
        write_stream(connection, response);
        test.signal();
        test.wait();
    });
    server.wait();
    Helper client(pair.a.ns, [&](Channel& test) {
        const Fd socket(check(::socket(domain(family()), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
        const std::vector<char> data(request);
        const auto to = pair.b.at(family(), 80);
        check(::sendto(socket.get(), data.data(), data.size(), MSG_FASTOPEN, to.get(), to.size()),
              "sendto");
        read_stream(socket, response);
        tcp_info info{};
        socklen_t size = sizeof(info);
        check(::getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
        test.send(bool(info.tcpi_options & TCPI_OPT_SYN_DATA));
        test.wait();
    });
    EXPECT_TRUE(client.receive<bool>()) << "the data was not in the SYN";
    server.wait();
    expect_ends(pair.a, {}, client, pair.b, {}, server);
    ledger.compare();
}

TEST_P(Opening, FromBothEndsAtOnce) {
    const Route route;
    route.impair_forth("delay 200ms");
    route.impair_back("delay 200ms");
    const auto a_before = route.a.carried();
    const auto b_before = route.b.carried();
    const auto end = [&](const Side& own, const Side& peer) {
        return Helper(own.ns, [&](Channel& test) {
            Fd socket(check(::socket(domain(family()), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
            const auto from = own.at(family(), 4001);
            const auto to = peer.at(family(), 4001);
            check(::bind(socket.get(), from.get(), from.size()), "bind");
            test.signal();
            test.wait();
            check(::connect(socket.get(), to.get(), to.size()), "connect");
            write_stream(socket, request);
            read_stream(socket, request);
            test.signal();
            test.wait();
        });
    };
    Helper at_a = end(route.a, route.b);
    Helper at_b = end(route.b, route.a);
    for (auto* helper : {&at_a, &at_b})
        helper->wait();
    for (auto* helper : {&at_a, &at_b})
        helper->signal();
    for (auto* helper : {&at_a, &at_b})
        helper->wait();
    expect_ends(route.a, a_before, at_a, route.b, b_before, at_b);
}

// A socket that is both ends: lo carries each of its packets out and in.
TEST_P(Opening, WithItself) {
    const Pair pair;
    const Address own(v4() ? "127.0.0.1" : "::1", 4001);
    const auto before = device_counters(pair.a.ns, "lo");
    Helper program(pair.a.ns, [&](Channel& test) {
        Fd socket(check(::socket(domain(family()), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
        check(::bind(socket.get(), own.get(), own.size()), "bind");
        check(::connect(socket.get(), own.get(), own.size()), "connect");
        write_stream(socket, request);
        read_stream(socket, request);
        test.signal();
        test.wait();
    });
    program.wait();
    compare_settled(
        "program", [&] { return tcp(device_counters(pair.a.ns, "lo") - before); },
        [&] { return ctl.process_counters(program.pid()); });
}

TEST_P(Opening, TakenOverFromElsewhere) {
    const Pair pair;
    Ledger ledger(pair.a, pair.b);
    constexpr std::uint32_t one = 1000000;
    constexpr std::uint32_t other = 2000000;
    const auto end = [&](const Side& own, const Side& peer, std::uint32_t sends,
                         std::uint32_t receives) {
        return Helper(own.ns, [&, sends, receives](Channel& test) {
            const Fd socket =
                restored(own.at(family(), 4001), peer.at(family(), 4001), sends, receives);
            test.signal();
            test.wait();
            write_stream(socket, request);
            test.signal();
            test.wait();
            read_stream(socket, request);
            test.signal();
            test.wait();
        });
    };
    Helper at_a = end(pair.a, pair.b, one, other);
    Helper at_b = end(pair.b, pair.a, other, one);
    for (auto* helper : {&at_a, &at_b})
        helper->wait();
    for (int step = 0; step < 2; step++)
        for (auto* helper : {&at_a, &at_b})
            helper->step();
    expect_ends(pair.a, {}, at_a, pair.b, {}, at_b);
    ledger.compare();
}
