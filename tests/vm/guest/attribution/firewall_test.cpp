// SPDX-License-Identifier: GPL-2.0-only
// What a firewall drops was neither sent nor received; what is only forwarded is nobody's.
#include "lib/guest_test.h"

using namespace guest;

namespace {

class Firewall : public FamilyTest {};

constexpr auto drop_rules = R"(
table inet dropping {
    chain output { type filter hook output priority 0; udp dport 5001 drop; tcp dport 5001 drop; }
    chain input { type filter hook input priority 0; udp dport 5002 drop; tcp dport 5002 drop; }
}
)";

} // namespace

BOTH_FAMILIES(Firewall);

TEST_P(Firewall, DroppedOnOutput) {
    const Pair pair;
    pair.a.ns.nft(drop_rules);
    Helper receiver(pair.b.ns, [&](Channel& test) {
        const Fd open = udp_bound(pair.b.at(family(), 5000));
        test.signal();
        test.wait();
    });
    receiver.wait();
    Helper sender(pair.a.ns, [&](Channel& test) {
        const Fd socket = udp_socket(family());
        const auto dropped = pair.b.at(family(), 5001);
        send_to(socket, pair.b.at(family(), 5000), 100, 5);
        const char byte = 0;
        for (int i = 0; i < 10; i++) // the firewall's verdict is an error, or none
            (void)!::sendto(socket.get(), &byte, 1, 0, dropped.get(), dropped.size());
        test.signal();
        test.wait();
    });
    sender.wait();
    const auto passed = datagrams(family(), 5, 100);
    compare("device", Traffic{passed, {}}, pair.a.carried());
    expect_task("sender", sender.pid(), udp_out(passed));
    expect_task("receiver", receiver.pid(), udp_in(passed));
}

TEST_P(Firewall, DroppedOnInput) {
    const Pair pair;
    pair.b.ns.nft(drop_rules);
    Helper receiver(pair.b.ns, [&](Channel& test) {
        const Fd open = udp_bound(pair.b.at(family(), 5000));
        const Fd closed = udp_bound(pair.b.at(family(), 5002));
        test.signal();
        test.wait();
    });
    receiver.wait();
    const auto total = module::counters("total");
    Helper sender(pair.a.ns, [&](Channel& test) {
        const Fd socket = udp_socket(family());
        send_to(socket, pair.b.at(family(), 5000), 100, 5);
        send_to(socket, pair.b.at(family(), 5002), 100, 10);
        test.signal();
        test.wait();
    });
    sender.wait();
    const auto passed = datagrams(family(), 5, 100);
    const auto sent = datagrams(family(), 15, 100);
    compare("device", Traffic{{}, sent}, pair.b.carried());
    expect_task("sender", sender.pid(), udp_out(sent));
    expect_task("receiver", receiver.pid(), udp_in(passed));
    compare("the module's total", udp({sent, passed}), module::counters("total") - total);
}

TEST_P(Firewall, DroppedConnectionAttempt) {
    const Pair pair;
    pair.b.ns.nft(drop_rules);
    Helper server(pair.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair.b.at(family(), 5002));
        test.signal();
        test.wait();
    });
    server.wait();
    Helper client(pair.a.ns, [&](Channel& test) {
        const Fd socket(
            check(::socket(domain(family()), SOCK_STREAM | SOCK_NONBLOCK, 0), "socket"));
        const auto to = pair.b.at(family(), 5002);
        ::connect(socket.get(), to.get(), to.size());
        test.signal();
        test.wait();
    });
    client.wait();
    compare_settled(
        "client", [&] { return tcp(pair.a.carried()); },
        [&] { return ctl.process_counters(client.pid()); });
    compare("the listener has counters", false, ctl.process(server.pid()).has_value());
}

TEST_P(Firewall, ForwardedIsNotCounted) {
    const Route route;
    Ledger ledger(route.a, route.b);
    TcpParties tcp_parties(route.a.ns, route.b.ns, route.b.at(family()), {family(), 20000, 500, 2});
    tcp_parties.run();
    UdpParties udp_parties(route.a.ns, route.b.ns, route.b.at(family()));
    udp_parties.send(900, 12);
    ledger.compare();
    for (const auto& label : module::classes)
        compare("class " + label, Counters{}, ledger.in_class(label));
}
