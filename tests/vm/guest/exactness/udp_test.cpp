// SPDX-License-Identifier: GPL-2.0-only
// Tasks and classes together equal the devices of both ends: datagrams of all sizes, fragments.
#include "lib/guest_test.h"

#include <memory>
#include <netinet/udp.h>
#include <thread>

using namespace guest;

namespace {

class ExactUdp : public FamilyTest {
protected:
    // Datagrams from a to b; both processes alone must account for all of them.
    void flow(const Side& a, const Side& b, const std::vector<std::size_t>& sizes) {
        const auto before_a = a.carried();
        const auto before_b = b.carried();
        Ledger ledger(a, b);
        UdpParties parties(a.ns, b.ns, b.at(family()));
        parties.send(sizes);
        compare_settled(
            "sender", [&] { return udp_out((a.carried() - before_a).out); },
            [&] { return ctl.process_counters(parties.sender.pid()); });
        compare_settled(
            "receiver", [&] { return udp_in((b.carried() - before_b).in); },
            [&] { return ctl.process_counters(parties.receiver.pid()); });
        ledger.compare();
    }
};

// Around every limit of an MTU of 1500, then wide steps up to the largest.
std::vector<std::size_t> all_sizes() {
    std::vector<std::size_t> sizes;
    for (const std::size_t size : {1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 1000})
        sizes.push_back(size);
    for (const std::size_t fragments : {1, 2, 3, 7})
        for (std::size_t around = 0; around < 60; around += 3)
            sizes.push_back(fragments * 1448 - 30 + around);
    for (std::size_t size = 12000; size <= 65000; size += 5300)
        sizes.push_back(size);
    sizes.push_back(65000);
    sizes.push_back(65507);
    return sizes;
}

} // namespace

BOTH_FAMILIES(ExactUdp);

TEST_P(ExactUdp, AllSizes) {
    const auto& pair = standard_pair();
    flow(pair.a, pair.b, all_sizes());
}

TEST_P(ExactUdp, FragmentsByArithmetic) {
    const auto& pair = standard_pair();
    UdpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()));
    constexpr std::size_t count = 20;
    parties.send(4000, count);
    // 4008 bytes with the UDP header; all but the last fragment carry a multiple of 8.
    const std::size_t room = family() == Family::v4 ? 1480 : 1448;
    const std::size_t fragments = (4008 + room - 1) / room;
    const std::size_t headers =
        ethernet_header + ip_header(family()) + (family() == Family::v4 ? 0 : 8);
    const Flow expected{count * fragments, count * (4008 + fragments * headers)};
    expect_task("sender", parties.sender.pid(), udp_out(expected));
    expect_task("receiver", parties.receiver.pid(), udp_in(expected));
}

TEST_P(ExactUdp, FragmentsOutOfOrder) {
    const Route route;
    route.impair_forth("delay 3ms reorder 50%");
    flow(route.a, route.b, {3000, 5000, 9000, 20000, 3000, 40000, 2000, 65000, 3000});
}

TEST_P(ExactUdp, DatagramsWithFragmentsLost) {
    const Route route;
    // Exactly the second fragment of each datagram passes no further than the router.
    route.router.nft(R"(
table inet losing {
    chain forward {
        type filter hook forward priority 0
        ip frag-off & 0x1fff > 100 ip frag-off & 0x1fff < 200 drop
        frag frag-off > 100 frag frag-off < 200 drop
    }
}
)");
    Ledger ledger(route.a, route.b);
    UdpParties parties(route.a.ns, route.b.ns, route.b.at(family()));
    parties.send({3000, 1000, 5000, 1000, 9000});
    ledger.compare();
    EXPECT_LT(route.b.carried().in.packets, route.a.carried().out.packets)
        << "nothing was lost: the scenario shows nothing";
}

TEST_P(ExactUdp, FragmentsOfManySocketsAtOnce) {
    const Route route;
    route.impair_forth("delay 5ms 4ms");
    Ledger ledger(route.a, route.b);
    std::vector<std::unique_ptr<UdpParties>> all;
    for (int i = 0; i < 4; i++)
        all.push_back(std::make_unique<UdpParties>(route.a.ns, route.b.ns, route.b.at(family())));
    for (int round = 0; round < 4; round++)
        for (auto& parties : all)
            parties->send(2000 + 700 * round, 2);
    const auto expected = ctl.process_counters(all[0]->sender.pid()).udp.out;
    for (auto& parties : all) {
        expect_task("sender", parties->sender.pid(), udp_out(expected));
        expect_task("receiver", parties->receiver.pid(), udp_in(expected));
    }
    ledger.compare();
}

TEST_P(ExactUdp, ClosedPort) {
    const Pair pair;
    Ledger ledger(pair.a, pair.b);
    Helper sender(pair.a.ns, [&](Channel& test) {
        send_to(udp_socket(family()), pair.b.at(family(), 9), 200, 10);
        test.signal();
        test.wait();
    });
    sender.wait();
    ledger.compare();
    const auto sent = datagrams(family(), 10, 200);
    expect_task("sender", sender.pid(), udp_out(sent));
    compare("class nosocket", udp_in(sent), ledger.in_class("nosocket"));
}

TEST_P(ExactUdp, TwoProcessorsSendAtOnce) {
    const auto& pair = standard_pair();
    Ledger ledger(pair.a, pair.b);
    UdpParties forth(pair.a.ns, pair.b.ns, pair.b.at(family()));
    UdpParties back(pair.b.ns, pair.a.ns, pair.a.at(family()));
    constexpr unsigned times = 2000;
    for (auto* parties : {&forth, &back})
        parties->start(100, times);
    for (auto* parties : {&forth, &back})
        parties->finish();
    const auto expected = datagrams(family(), times, 100);
    for (auto* parties : {&forth, &back}) {
        expect_task("sender", parties->sender.pid(), udp_out(expected));
        expect_task("receiver", parties->receiver.pid(), udp_in(expected));
    }
    ledger.compare();
}

// Several threads of one process and one socket: every packet once, though owners change.
TEST_P(ExactUdp, OneSocketTwoThreadsAtOnce) {
    const auto& pair = standard_pair();
    constexpr unsigned times = 1000;
    Ledger ledger(pair.a, pair.b);
    Helper receiver(pair.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair.b.at(family()));
        test.send(Address::local_of(socket.get()).port());
        test.wait();
    });
    const auto to = pair.b.at(family(), receiver.receive<std::uint16_t>());
    Helper sender(pair.a.ns, [&](Channel& test) {
        const Fd socket = udp_connected(to);
        std::thread other([&] { send_connected(socket, 100, times); });
        send_connected(socket, 100, times);
        other.join();
        test.signal();
        test.wait();
    });
    sender.wait();
    expect_process("sender", sender.pid(), udp_out(datagrams(family(), 2 * times, 100)));
    expect_process("receiver", receiver.pid(), udp_in(datagrams(family(), 2 * times, 100)));
    ledger.compare();
}

TEST_P(ExactUdp, Segmentation) {
    const auto& pair = standard_pair();
    constexpr unsigned buffers = 5;
    constexpr std::size_t segment = 1000;
    constexpr std::size_t size = 20300; // 20 full segments and one of 300 bytes
    Ledger ledger(pair.a, pair.b);
    Helper receiver(pair.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair.b.at(family()));
        test.send(Address::local_of(socket.get()).port());
        test.wait();
    });
    const auto to = pair.b.at(family(), receiver.receive<std::uint16_t>());
    Helper sender(pair.a.ns, [&](Channel& test) {
        const Fd socket = udp_connected(to);
        set_option(socket, SOL_UDP, UDP_SEGMENT, segment);
        send_connected(socket, size, buffers);
        test.signal();
        test.wait();
    });
    sender.wait();
    const auto expected =
        datagrams(family(), buffers * 20, segment) + datagrams(family(), buffers, 300);
    expect_task("sender", sender.pid(), udp_out(expected));
    expect_task("receiver", receiver.pid(), udp_in(expected));
    ledger.compare();
}
