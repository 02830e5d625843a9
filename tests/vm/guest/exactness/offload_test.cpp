// SPDX-License-Identifier: GPL-2.0-only
// With segmentation and receive offloads on: what the sockets themselves count as segments, and
// what the wire would have carried.
#include "lib/guest_test.h"

#include <netinet/udp.h>

using namespace guest;

namespace {

class Offload : public FamilyTest {
protected:
    // The sockets' own counts decide, and payload plus headers when nothing was repeated.
    void compare_segments(const TcpParties& parties, const TcpTalk& talk) {
        const auto& client = parties.client_tally;
        const auto& server = parties.server_tally;
        const auto of_client = [&] { return ctl.process_counters(parties.client.pid()).tcp; };
        const auto of_server = [&] { return ctl.process_counters(parties.server.pid()).tcp; };
        compare_soon("client, segments out", client.segments_out,
                     [&] { return of_client().out.packets; });
        compare_soon("server, segments in", client.segments_out,
                     [&] { return of_server().in.packets; });
        compare_soon("server, segments out", server.segments_out + 1,
                     [&] { return of_server().out.packets; });
        compare_soon("client, segments in", server.segments_out + 1,
                     [&] { return of_client().in.packets; });
        if (client.retransmitted + server.retransmitted + client.duplicates + server.duplicates)
            return;
        const auto wire = [&](std::uint64_t segments, std::uint64_t payload) {
            return payload + segments * tcp_overhead(family()) + tcp_syn_options;
        };
        compare("client, bytes out", wire(client.segments_out, talk.request),
                of_client().out.bytes);
        compare("server, bytes in", wire(client.segments_out, talk.request), of_server().in.bytes);
        compare("server, bytes out", wire(server.segments_out + 1, talk.response),
                of_server().out.bytes);
        compare("client, bytes in", wire(server.segments_out + 1, talk.response),
                of_client().in.bytes);
    }
};

} // namespace

BOTH_FAMILIES(Offload);

TEST_P(Offload, Tcp) {
    const Pair pair;
    pair.offloads(true);
    const TcpTalk talk{family(), 3000000, 500000, 1};
    TcpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()), talk);
    parties.run();
    compare_segments(parties, talk);
    EXPECT_LT(pair.a.carried().out.packets, parties.client_tally.segments_out)
        << "nothing was offloaded: the scenario shows nothing";
}

TEST_P(Offload, ReceiveOffloadAlone) {
    const Pair pair;
    pair.b.ns.run("ethtool -K v0 gro on");
    const TcpTalk talk{family(), 1000000, 1000, 1};
    TcpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()), talk);
    parties.run();
    compare_segments(parties, talk);
    // A device that coalesces counts every packet, but not everywhere its link header.
    compare_soon("packets of the sender's device", pair.a.carried().out.packets,
                 [&] { return ctl.process_counters(parties.server.pid()).tcp.in.packets; });
}

TEST_P(Offload, BigTcp) {
    const Pair pair;
    pair.offloads(true);
    const std::string option = family() == Family::v4 ? "ipv4_max_size" : "max_size";
    try {
        for (const auto* side : {&pair.a, &pair.b})
            side->ns.ip("link set v0 gso_" + option + " 180000 gro_" + option + " 180000\n");
    } catch (const std::exception&) {
        GTEST_SKIP() << "no BIG TCP for this family on this kernel, or in this ip command";
    }
    const TcpTalk talk{family(), 6000000, 1000, 1};
    TcpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()), talk);
    parties.run();
    compare_segments(parties, talk);
}

// lo carries a packet of several segments whole and counts one, so the device decides here.
TEST_P(Offload, Loopback) {
    const Namespace ns;
    const TcpTalk talk{family(), 3000000, 500000, 1};
    TcpParties parties(ns, ns, {family() == Family::v4 ? "127.0.0.1" : "::1", 0}, talk);
    parties.run();
    const auto of_client = [&] { return ctl.process_counters(parties.client.pid()).tcp; };
    const auto of_server = [&] { return ctl.process_counters(parties.server.pid()).tcp; };
    compare_settled(
        "sent by both, and lo", [&] { return device_counters(ns, "lo").out; },
        [&] { return of_client().out + of_server().out; });
    compare_settled(
        "from client to server", [&] { return of_client().out; }, [&] { return of_server().in; });
    compare_settled(
        "from server to client", [&] { return of_server().out; }, [&] { return of_client().in; });
    const auto overhead = tcp_overhead(family()) - ethernet_header;
    const auto bytes = [&](std::uint64_t packets, std::uint64_t payload) {
        return payload + packets * overhead + tcp_syn_options;
    };
    if (parties.client_tally.retransmitted + parties.server_tally.retransmitted)
        return;
    compare("client, bytes out", bytes(of_client().out.packets, talk.request),
            of_client().out.bytes);
    compare("server, bytes out", bytes(of_server().out.packets, talk.response),
            of_server().out.bytes);
}

TEST_P(Offload, UdpSegmentationAndCoalescing) {
    const Pair pair;
    pair.offloads(true);
    if (pair.a.ns.run("ethtool -k v0").find("tx-udp-segmentation: on") == std::string::npos)
        GTEST_SKIP() << "this kernel's veth takes no datagrams that are still whole";
    Helper receiver(pair.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair.b.at(family()));
        set_option(socket, SOL_UDP, UDP_GRO, 1);
        test.send(Address::local_of(socket.get()).port());
        test.wait();
    });
    const auto to = pair.b.at(family(), receiver.receive<std::uint16_t>());
    Helper sender(pair.a.ns, [&](Channel& test) {
        const Fd socket = udp_connected(to);
        set_option(socket, SOL_UDP, UDP_SEGMENT, 1200);
        send_connected(socket, 30 * 1200 + 77, 8);
        test.signal();
        test.wait();
    });
    sender.wait();
    const auto expected = datagrams(family(), 8 * 30, 1200) + datagrams(family(), 8, 77);
    expect_task("sender", sender.pid(), udp_out(expected));
    expect_task("receiver", receiver.pid(), udp_in(expected));
    EXPECT_LT(pair.a.carried().out.packets, expected.packets)
        << "nothing was offloaded: the scenario shows nothing";
}
