// SPDX-License-Identifier: GPL-2.0-only
// Tasks in whose system calls packets of others leave: who answers for a queue of the packet
// filter, who reads and so has data acknowledged, who closes. None of them is the sender.
#include "lib/guest_test.h"

#include <thread>

#include "lib/command.h"
#include "lib/packet_queue.h"
#include "lib/threads.h"

using namespace guest;

namespace {

class Sender : public FamilyTest {
protected:
    // Receives all of b's port 5000, and serves one connection to port 5001.
    static Helper sink(const Pair& pair, Family family, std::size_t request) {
        return {pair.b.ns, [&pair, family, request](Channel& test) {
                    const Fd datagrams_to = udp_bound(pair.b.at(family, 5000));
                    const Fd listener = tcp_listener(pair.b.at(family, 5001));
                    test.signal();
                    if (request > 0) {
                        const Fd connection = tcp_accept(listener);
                        write_stream(connection, read_stream(connection, request));
                        test.wait();
                    }
                    test.wait();
                }};
    }
};

constexpr auto queue_rules = R"(
table inet asking {
    chain output { type filter hook output priority 0; meta l4proto { tcp, udp } queue num 0; }
}
)";

// Both directions full at once, so that each has to wait for the other.
constexpr std::size_t bulk = 2000000;

} // namespace

BOTH_FAMILIES(Sender);

TEST_P(Sender, QueueOnOutput) {
    constexpr std::size_t request = 50000;
    const Pair pair;
    PacketQueue::load_modules(pair.a.ns);
    Helper server = sink(pair, family(), request);
    server.wait();
    Helper answering(pair.a.ns, [](Channel& test) {
        PacketQueue queue;
        test.signal();
        for (;;)
            queue.accept_one();
    });
    answering.wait();
    Helper client(pair.a.ns, [&](Channel& test) {
        const Fd known = udp_socket(family());
        send_to(known, pair.b.at(family(), 5000), 100, 3);
        test.signal();
        test.wait();
        send_to(known, pair.b.at(family(), 5000), 100, 4);
        const Fd unknown = udp_socket(family());
        send_to(unknown, pair.b.at(family(), 5000), 100, 5);
        const Fd connection = tcp_connected(pair.b.at(family(), 5001));
        write_stream(connection, request);
        read_stream(connection, request);
        test.signal();
        test.wait();
    });
    client.wait();
    pair.a.ns.nft(queue_rules);
    client.step();
    const auto sent = datagrams(family(), 12, 100);
    compare_settled(
        "client",
        [&] {
            return udp_out(sent) + tcp(pair.a.carried() - Traffic{sent, {}});
        },
        [&] { return ctl.process_counters(client.pid()); });
    compare("who answers for the queue has counters", false,
            ctl.process(answering.pid()).has_value());
}

TEST_P(Sender, OneThreadWritesAnotherReads) {
    const Pair pair;
    Helper server = sink(pair, family(), bulk);
    server.wait();
    Helper client(pair.a.ns, [&](Channel& test) {
        const Fd connection = tcp_connected(pair.b.at(family(), 5001));
        std::thread([&] {
            test.send(own_tid());
            read_stream(connection, bulk);
            test.signal();
            ::pause();
        }).detach();
        test.wait();
        write_stream(connection, bulk);
        test.wait();
        ::_exit(0);
    });
    const auto reader = client.receive<pid_t>();
    client.step();
    compare_settled(
        "writer", [&] { return tcp(pair.a.carried()); },
        [&] { return ctl.thread_counters(client.pid()); });
    compare("the reader has counters", false, ctl.thread(reader).has_value());
}

TEST_P(Sender, OneProcessWritesAnotherReadsAndCloses) {
    const Pair pair;
    Helper server = sink(pair, family(), bulk);
    server.wait();
    Helper writer(pair.a.ns, [&](Channel& test) {
        Fd connection = tcp_connected(pair.b.at(family(), 5001));
        Helper reader(nullptr, [&](Channel& parent) {
            parent.signal();
            read_stream(connection, bulk);
            parent.signal();
            parent.wait();
            connection.close();
            parent.signal();
            parent.wait();
        });
        test.send(reader.pid());
        reader.wait();
        test.wait();
        write_stream(connection, bulk);
        reader.wait();
        connection.close();
        reader.step();
        test.signal();
        test.wait();
    });
    const auto reader = writer.receive<pid_t>();
    writer.step();
    compare_settled(
        "writer", [&] { return tcp(pair.a.carried()); },
        [&] { return ctl.process_counters(writer.pid()); });
    compare("the reader has counters", false, ctl.process(reader).has_value());
}

TEST_P(Sender, ConnectionKilledByAnAdministrator) {
    const Pair pair;
    Helper server = sink(pair, family(), 1000);
    server.wait();
    Helper client(pair.a.ns, [&](Channel& test) {
        const Fd connection = tcp_connected(pair.b.at(family(), 5001));
        write_stream(connection, 1000);
        read_stream(connection, 1000);
        test.signal();
        test.wait();
    });
    client.wait();
    const auto before = pair.a.carried();
    const Inside inside(pair.a.ns);
    run({"ss", "-K", "-t", "dport", "=", "5001"});
    if (!eventually([&] { return !(pair.a.carried() == before); }, settling))
        GTEST_SKIP() << "this kernel does not let one close a socket of another process";
    compare_settled(
        "client", [&] { return tcp(pair.a.carried()); },
        [&] { return ctl.process_counters(client.pid()); });
}
