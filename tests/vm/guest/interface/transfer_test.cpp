// SPDX-License-Identifier: GPL-2.0-only
// Known transfers between two namespaces: what the programs moved plus the headers is what sender
// and receiver are credited with, and what the devices carried.
#include "lib/guest_test.h"

using namespace guest;

namespace {

class Transfer : public FamilyTest {};

Flow segments(Family family, std::uint64_t packets, std::uint64_t payload) {
    return {packets, payload + packets * tcp_overhead(family) + tcp_syn_options};
}

} // namespace

BOTH_FAMILIES(Transfer);

TEST_P(Transfer, UdpSenderAndReceiver) {
    const auto& pair = standard_pair();
    const auto before = pair.a.carried();
    UdpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()));
    std::vector<std::size_t> sizes;
    std::uint64_t payload = 0;
    for (std::size_t size = 1; size <= 1400; size += 97) {
        sizes.push_back(size);
        payload += size;
    }
    parties.send(sizes);
    const Flow expected{sizes.size(), payload + sizes.size() * udp_overhead(family())};
    expect_task("UDP sender", parties.sender.pid(), udp_out(expected));
    expect_task("UDP receiver", parties.receiver.pid(), udp_in(expected));
    compare("device of the sender", Traffic{expected, {}}, pair.a.carried() - before);
}

TEST_P(Transfer, UdpRequestAndResponse) {
    const auto& pair = standard_pair();
    Helper server(pair.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair.b.at(family()));
        test.send(Address::local_of(socket.get()).port());
        echo(socket, 20);
        test.wait();
    });
    const auto to = pair.b.at(family(), server.receive<std::uint16_t>());
    Helper client(pair.a.ns, [&](Channel& test) {
        const Fd socket = udp_connected(to);
        for (int i = 0; i < 20; i++) {
            send_connected(socket, 333);
            receive(socket);
        }
        test.signal();
        test.wait();
    });
    client.wait();
    const auto each = datagrams(family(), 20, 333);
    expect_task("UDP client", client.pid(), udp({each, each}));
    expect_task("UDP server", server.pid(), udp({each, each}));
}

TEST_P(Transfer, TcpClientAndServer) {
    const auto& pair = standard_pair();
    const auto before = pair.a.carried();
    const TcpTalk talk{family(), 200000, 70000, 1};
    TcpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()), talk);
    parties.run();

    const auto carried = [&] { return pair.a.carried() - before; };
    compare_settled(
        "TCP client, process", [&] { return tcp(carried()); },
        [&] { return ctl.process_counters(parties.client.pid()); });
    const auto client = carried();
    expect_thread("TCP client", parties.client.pid(), tcp(client));
    expect_task("TCP server", parties.server.pid(), tcp({client.in, client.out}));

    compare("TCP client, segments of its socket", parties.client_tally.segments_out,
            client.out.packets);
    compare("TCP server, segments of its socket and the SYN-ACK",
            parties.server_tally.segments_out + 1, client.in.packets);
    if (smooth(parties.client_tally, parties.server_tally)) {
        const auto& tally = parties.client_tally;
        compare("TCP client, payload and headers",
                segments(family(), tally.segments_out, talk.request), client.out);
        compare("TCP server, payload and headers",
                segments(family(), parties.server_tally.segments_out + 1, talk.response),
                client.in);
    }
}

TEST_P(Transfer, SameAddressesInTwoNamespacesStayApart) {
    const Pair twins[2];
    std::vector<Helper> receivers;
    std::vector<Helper> senders;
    for (const auto& pair : twins) {
        receivers.emplace_back(pair.b.ns, [&](Channel& test) {
            const Fd udp = udp_bound(pair.b.at(family(), 5000));
            const Fd tcp = tcp_listener(pair.b.at(family(), 5000));
            test.signal();
            const Fd connection = tcp_accept(tcp);
            write_stream(connection, read_stream(connection, 1));
            test.wait();
        });
        receivers.back().wait();
        senders.emplace_back(pair.a.ns, [&](Channel& test) {
            const Fd udp = udp_bound(pair.a.at(family(), 6000));
            const Fd tcp = tcp_connected(pair.b.at(family(), 5000));
            write_stream(tcp, 1);
            read_stream(tcp, 1);
            for (;;) {
                const auto count = test.receive<unsigned>();
                send_to(udp, pair.b.at(family(), 5000), 100, count);
                test.signal();
            }
        });
    }
    // Interleaved, so that a mixed-up entry would show in both.
    for (const unsigned count : {3, 4, 5}) {
        for (unsigned i = 0; i < 2; i++) {
            senders[i].send(count + 10 * i);
            senders[i].wait();
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        const auto flow = datagrams(family(), 12 + 30 * i, 100);
        const auto& pair = twins[i];
        const auto tcp_part = [&] { return pair.a.carried() - Traffic{flow, {}}; };
        const auto which = "namespace " + std::to_string(i + 1);
        compare_settled(
            which + ", sender", [&] { return tcp(tcp_part()) + udp_out(flow); },
            [&] { return ctl.process_counters(senders[i].pid()); });
        compare_settled(
            which + ", receiver",
            [&] {
                return tcp({tcp_part().in, tcp_part().out}) + udp_in(flow);
            },
            [&] { return ctl.process_counters(receivers[i].pid()); });
    }
}
