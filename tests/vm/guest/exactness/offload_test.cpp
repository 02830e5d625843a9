// SPDX-License-Identifier: GPL-2.0-only
// With segmentation and receive offloads on: what the sockets themselves count as segments, and
// what the wire would have carried. A software interface counts once, with its headers once, what
// is cut below it.
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
        compare_soon("server, segments out", server.segments_out + 1,
                     [&] { return of_server().out.packets; });
        // A device whose queue is full on a slow machine loses what was sent.
        if (!smooth(client, server))
            return;
        compare_soon("server, segments in", client.segments_out,
                     [&] { return of_server().in.packets; });
        compare_soon("client, segments in", server.segments_out + 1,
                     [&] { return of_client().in.packets; });
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

    // Ours is above the counter of an interface that carries packets whole, by the headers of the
    // segments that it does not see; without offloads both are equal.
    void compare_headers(const std::string& what, Flow ours, Flow device, std::size_t headers,
                         bool offloads) {
        if (!offloads) {
            compare(what, device, ours);
            return;
        }
        EXPECT_LT(device.packets, ours.packets)
            << what << ": nothing was offloaded: the scenario shows nothing";
        compare(what + ", headers not seen", (ours.packets - device.packets) * headers,
                ours.bytes - device.bytes);
    }

    // On an interface of both sides, which counts so much link header for what it receives.
    void compare_counters(const Pair& pair, const std::string& device, const Address& to,
                          std::size_t header_in) {
        for (const bool on : {false, true}) {
            for (const auto* side : {&pair.a, &pair.b}) {
                set_offloads(side->ns, side->device, on);
                set_offloads(side->ns, device, on);
            }
            const auto before_a = device_counters(pair.a.ns, device);
            const auto before_b = device_counters(pair.b.ns, device);
            const TcpTalk talk{family(), 1000000, 300000, 1};
            TcpParties parties(pair.a.ns, pair.b.ns, to, talk);
            parties.run();
            compare_soon("segments, client", parties.client_tally.segments_out, [&] {
                return ctl.process_counters(parties.client.pid()).tcp.out.packets;
            });
            compare_soon("segments, server", parties.server_tally.segments_out + 1, [&] {
                return ctl.process_counters(parties.server.pid()).tcp.out.packets;
            });
            const auto client = ctl.process_counters(parties.client.pid()).tcp;
            const auto server = ctl.process_counters(parties.server.pid()).tcp;
            const auto a = device_counters(pair.a.ns, device) - before_a;
            const auto b = device_counters(pair.b.ns, device) - before_b;
            const auto out = tcp_overhead(family());
            const auto in = out - ethernet_header + header_in;
            const std::string state = on ? "offloads on, " : "offloads off, ";
            compare_headers(state + "client sent", client.out, a.out, out, on);
            compare_headers(state + "server received", server.in, b.in, in, on);
            compare_headers(state + "server sent", server.out, b.out, out, on);
            compare_headers(state + "client received", client.in, a.in, in, on);
        }
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
    if (!smooth(parties.client_tally, parties.server_tally))
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

TEST_P(Offload, CountersOfVeth) {
    const Pair pair;
    compare_counters(pair, "v0", pair.b.at(family()), ethernet_header);
}

TEST_P(Offload, CountersOfVlan) {
    const Pair pair;
    for (const auto* side : {&pair.a, &pair.b}) {
        const bool is_a = side == &pair.a;
        side->ns.ip("link add link v0 name l0 type vlan id 5\nlink set l0 addrgenmode none\n"
                    "link set l0 up\n");
        add_address(side->ns, "l0", is_a ? "10.5.0.1/24" : "10.5.0.2/24");
        add_address(side->ns, "l0", is_a ? "fd05::1/64" : "fd05::2/64");
        const auto* mac = is_a ? "02:00:00:00:00:0b" : "02:00:00:00:00:0a";
        add_neighbour(side->ns, "l0", is_a ? "10.5.0.2" : "10.5.0.1", mac);
        add_neighbour(side->ns, "l0", is_a ? "fd05::2" : "fd05::1", mac);
    }
    compare_counters(pair, "l0", {family() == Family::v4 ? "10.5.0.2" : "fd05::2", 0}, 0);
}
