// SPDX-License-Identifier: GPL-2.0-only
// Sockets that several processes hold: passed, inherited, or in a group that shares one port. The
// last sender owns a socket; one that nobody has sent on is the oldest holder's.
#include "lib/guest_test.h"

#include <fcntl.h>

using namespace guest;

namespace {

class Sharing : public FamilyTest {
protected:
    Pair& pair_ = standard_pair();

    // One sender with a socket of its own for each datagram.
    void send_to_b(std::uint16_t port, std::size_t size, unsigned times) const {
        Helper(pair_.a.ns, [&](Channel&) {
            for (unsigned i = 0; i < times; i++)
                send_to(udp_socket(family()), pair_.b.at(family(), port), size);
        }).join();
    }
    Counters sent(unsigned count, std::size_t size) const {
        return udp_out(datagrams(family(), count, size));
    }
    Counters received(unsigned count, std::size_t size) const {
        return udp_in(datagrams(family(), count, size));
    }
    // Somebody on the other side who listens, so that no errors come back.
    Helper sink_{pair_.a.ns, [&](Channel& test) {
                     const Fd socket = udp_bound(pair_.a.at(family(), 9));
                     test.signal();
                     test.wait();
                 }};
    void SetUp() override {
        FamilyTest::SetUp();
        sink_.wait();
    }
    Address sink() const { return pair_.a.at(family(), 9); }
};

} // namespace

BOTH_FAMILIES(Sharing);

TEST_P(Sharing, PassedDescriptorAfterSending) {
    int wire[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM, 0, wire), "socketpair");
    Helper giver(pair_.b.ns, [&](Channel& test) {
        Fd socket = udp_bound(pair_.b.at(family()));
        send_to(socket, sink(), 40, 10);
        test.send(Address::local_of(socket.get()).port());
        pass_descriptor(wire[0], socket);
        socket.close();
        test.wait();
    });
    Helper taker(pair_.b.ns, [&](Channel& test) {
        const Fd socket = take_descriptor(wire[1]);
        send_to(socket, sink(), 40, 20);
        test.signal();
        test.wait();
    });
    ::close(wire[0]);
    ::close(wire[1]);
    const auto port = giver.receive<std::uint16_t>();
    taker.wait();
    send_to_b(port, 70, 6);
    expect_task("giver", giver.pid(), sent(10, 40));
    expect_task("taker", taker.pid(), sent(20, 40) + received(6, 70));
}

TEST_P(Sharing, PassedDescriptorOfAProcessThatEnds) {
    ExitReader reader;
    int wire[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM, 0, wire), "socketpair");
    Helper giver(pair_.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair_.b.at(family()));
        test.send(Address::local_of(socket.get()).port());
        test.wait();
        pass_descriptor(wire[0], socket);
    });
    Helper taker(pair_.b.ns, [&](Channel& test) {
        const Fd socket = take_descriptor(wire[1]);
        test.signal();
        test.wait();
    });
    ::close(wire[0]);
    ::close(wire[1]);
    const auto port = giver.receive<std::uint16_t>();
    const pid_t giver_pid = giver.pid();
    send_to_b(port, 70, 5);
    expect_task("giver before", giver_pid, received(5, 70));
    giver.signal();
    taker.wait();
    giver.join();
    const auto record = reader.await(giver_pid, patience);
    ASSERT_TRUE(record);
    compare("giver's exit record", received(5, 70), counters_of(*record));
    send_to_b(port, 70, 7);
    expect_task("taker", taker.pid(), received(7, 70));
}

TEST_P(Sharing, WorkersSendOnOneUdpSocket) {
    Helper parent(pair_.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair_.b.at(family()));
        test.send(Address::local_of(socket.get()).port());
        std::vector<Helper> children;
        for (unsigned i = 0; i < 2; i++) {
            children.emplace_back(nullptr, [&](Channel& stay) {
                send_to(socket, sink(), 40, 10 + i);
                stay.signal();
                stay.wait();
            });
            children.back().wait();
            test.send(children.back().pid());
            test.wait();
        }
    });
    const auto port = parent.receive<std::uint16_t>();
    const auto first = parent.receive<pid_t>();
    send_to_b(port, 70, 5);
    expect_task("first worker", first, sent(10, 40) + received(5, 70));
    parent.signal();
    const auto second = parent.receive<pid_t>();
    send_to_b(port, 70, 4);
    expect_task("second worker", second, sent(11, 40) + received(4, 70));
    expect_task("first worker keeps its own", first, sent(10, 40) + received(5, 70));
    compare("the parent has counters", false, ctl.process(parent.pid()).has_value());
}

TEST_P(Sharing, ReceiveOnlySocketIsTheOldestHolders) {
    Helper parent(pair_.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair_.b.at(family()));
        const Helper child(nullptr, [](Channel& stay) { stay.wait(); });
        test.send(Address::local_of(socket.get()).port());
        test.send(child.pid());
        test.wait();
    });
    const auto port = parent.receive<std::uint16_t>();
    const auto child = parent.receive<pid_t>();
    send_to_b(port, 70, 5);
    expect_task("parent", parent.pid(), received(5, 70));
    compare("the child has counters", false, ctl.process(child).has_value());
}

TEST_P(Sharing, ReusePortGroupOfUdp) {
    std::vector<Helper> members;
    std::uint16_t port = 0;
    for (int i = 0; i < 2; i++) {
        members.emplace_back(pair_.b.ns, [&](Channel& test) {
            const Fd socket = udp_bound(pair_.b.at(family(), port), true);
            test.send(Address::local_of(socket.get()).port());
            test.wait();
            test.send(receive_until_end(socket));
            test.wait();
        });
        port = members.back().receive<std::uint16_t>();
    }
    // Each source port is hashed to a member.
    send_to_b(port, 70, 40);
    // The end has to reach both: as many source ports as that takes.
    for (auto& member : members)
        member.signal();
    unsigned ends = 0;
    ASSERT_TRUE(eventually([&] {
        send_to_b(port, 1, 4);
        ends += 4;
        return members[0].channel().ready(sizeof(unsigned)) &&
               members[1].channel().ready(sizeof(unsigned));
    }));
    Counters sum;
    unsigned counts[2];
    for (int i = 0; i < 2; i++) {
        counts[i] = members[i].receive<unsigned>();
        EXPECT_GT(counts[i], 0U) << "member " << i << " received nothing";
    }
    compare("received by both", 40U, counts[0] + counts[1]);
    for (int i = 0; i < 2; i++) {
        const auto got = ctl.process_counters(members[i].pid());
        // How many ends a member got is not known; their bytes tell them from the others.
        const auto end_packets = got.udp.in.packets - counts[i];
        compare("member " + std::to_string(i + 1),
                received(counts[i], 70) + received(end_packets, 1), got);
        sum = sum + got;
    }
    compare("both", received(40, 70) + received(ends, 1), sum);
}

TEST_P(Sharing, ReusePortGroupOfTcp) {
    constexpr unsigned connections = 12;
    std::vector<Helper> members;
    std::uint16_t port = 0;
    for (int i = 0; i < 2; i++) {
        members.emplace_back(pair_.b.ns, [&](Channel& test) {
            const Fd listener = tcp_listener(pair_.b.at(family(), port), true);
            test.send(Address::local_of(listener.get()).port());
            test.wait();
            std::vector<Fd> accepted;
            check(::fcntl(listener.get(), F_SETFL, O_NONBLOCK), "non-blocking accept");
            for (int fd; (fd = ::accept(listener.get(), nullptr, nullptr)) >= 0;)
                accepted.emplace_back(fd);
            test.send(static_cast<unsigned>(accepted.size()));
            test.wait();
        });
        port = members.back().receive<std::uint16_t>();
    }
    Helper client(pair_.a.ns, [&](Channel& test) {
        std::vector<Fd> open;
        for (unsigned i = 0; i < connections; i++)
            open.push_back(tcp_connected(pair_.b.at(family(), port)));
        test.signal();
        test.wait();
    });
    client.wait();
    unsigned all = 0;
    for (auto& member : members) {
        member.signal();
        const auto count = member.receive<unsigned>();
        all += count;
        EXPECT_GT(count, 0U) << "a member accepted nothing";
        Traffic handshakes;
        for (unsigned i = 0; i < count; i++)
            handshakes = handshakes + accepted_handshake(family());
        expect_process("member that accepted " + std::to_string(count), member.pid(),
                       tcp(handshakes));
    }
    compare("connections", connections, all);
}
