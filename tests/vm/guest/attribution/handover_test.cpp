// SPDX-License-Identifier: GPL-2.0-only
// Sockets that one process opens and another uses: as a service does that systemd or inetd starts,
// and a pool of workers. Nobody asks for counters before the end, so that what is waiting then is
// credited by rule, not by the question.
#include "lib/guest_test.h"

#include <thread>

#include "lib/command.h"
#include "lib/threads.h"

using namespace guest;

namespace {

class Handover : public FamilyTest {
protected:
    void SetUp() override {
        FamilyTest::SetUp();
        if (is_real_time_kernel())
            GTEST_SKIP() << "no tracepoints are used there: nothing tells who receives";
    }
    Pair& pair_ = standard_pair();

    // Sends to a port of b, at b's command.
    Helper sender_{pair_.a.ns, [&](Channel& test) {
                       const Fd socket = udp_bound(from());
                       for (;;) {
                           const auto port = test.receive<std::uint16_t>();
                           send_to(socket, pair_.b.at(family(), port), 100);
                       }
                   }};
    Address from() const { return pair_.a.at(family(), 9); }
    Counters received(unsigned count) const { return udp_in(datagrams(family(), count, 100)); }
    Counters sent(unsigned count) const { return udp_out(datagrams(family(), count, 40)); }

    // Commands to a process that has a socket: receive one datagram, or send one.
    enum class Order : char { receive, send };
    Helper holder(const Fd& socket) const {
        return {pair_.b.ns, [&](Channel& test) {
                    for (;;) {
                        if (test.receive<Order>() == Order::receive)
                            receive(socket);
                        else
                            send_to(socket, from(), 40);
                        test.signal();
                    }
                }};
    }
    void let_receive(Helper& reader, std::uint16_t port, unsigned times) {
        for (; times > 0; times--) {
            reader.send(Order::receive);
            sender_.send(port);
            reader.wait();
        }
    }
    static void let_send(Helper& writer, unsigned times) {
        for (; times > 0; times--) {
            writer.send(Order::send);
            writer.wait();
        }
    }
    // Made by this process, which so is the oldest holder.
    Fd shared_socket() const {
        const Inside inside(pair_.b.ns);
        return udp_bound(pair_.b.at(family()));
    }
    // Kernels without a tracepoint for it get a probe once a socket has several holders; what is
    // received before that is guessed.
    void learn_who_receives() {
        const auto probed = [] {
            return read_file("/sys/kernel/debug/kprobes/list").find("skb_consume_udp") !=
                   std::string::npos;
        };
        if (tells_receivers_of_datagrams() || probed())
            return;
        Helper opener(pair_.b.ns, [&](Channel& test) {
            const Fd socket = udp_bound(pair_.b.at(family()));
            Helper reader(nullptr, [&](Channel&) { receive(socket); });
            test.send(Address::local_of(socket.get()).port());
            test.wait();
        });
        sender_.send(opener.receive<std::uint16_t>());
        ASSERT_TRUE(eventually(probed)) << "no probe on who receives";
    }
    void expect_nothing_of_this_process() const {
        compare("who opened the socket has counters", false, ctl.process(::getpid()).has_value());
    }
};

} // namespace

BOTH_FAMILIES(Handover);

TEST_P(Handover, WhoReceivesOwnsWhatAnotherOpened) {
    learn_who_receives();
    const Fd socket = shared_socket();
    const auto port = Address::local_of(socket.get()).port();
    Helper service = holder(socket);
    let_receive(service, port, 40);
    expect_task("service", service.pid(), received(40));
    expect_nothing_of_this_process();
}

TEST_P(Handover, TheReaderOfNowOwns) {
    learn_who_receives();
    const Fd socket = shared_socket();
    const auto port = Address::local_of(socket.get()).port();
    Helper first = holder(socket);
    Helper second = holder(socket);
    let_receive(first, port, 5);
    let_receive(second, port, 7);
    let_receive(first, port, 2);
    // The datagram by which one becomes the owner came while the other still was.
    expect_task("first reader", first.pid(), received(5 + 1 + 1));
    expect_task("second reader", second.pid(), received(6 + 1));
    expect_nothing_of_this_process();
}

TEST_P(Handover, AReaderTakesNothingFromASender) {
    const Fd socket = shared_socket();
    const auto port = Address::local_of(socket.get()).port();
    Helper writer = holder(socket);
    Helper reader = holder(socket);
    let_send(writer, 3);
    let_receive(reader, port, 5);
    expect_task("writer", writer.pid(), sent(3) + received(5));
    compare("the reader has counters", false, ctl.process(reader.pid()).has_value());
    let_send(reader, 1);
    let_receive(writer, port, 2);
    expect_task("reader that sends", reader.pid(), sent(1) + received(2));
    expect_task("writer keeps its own", writer.pid(), sent(3) + received(5));
}

TEST_P(Handover, AReaderThatSendsStaysTheOwner) {
    learn_who_receives();
    const Fd socket = shared_socket();
    const auto port = Address::local_of(socket.get()).port();
    Helper both = holder(socket);
    Helper reader = holder(socket);
    let_receive(both, port, 2);
    let_send(both, 3);
    let_receive(reader, port, 4);
    expect_task("who did both", both.pid(), received(2 + 4) + sent(3));
    compare("the reader has counters", false, ctl.process(reader.pid()).has_value());
}

TEST_P(Handover, AcceptedByOneServedByAnother) {
    const auto waiting = module::counters("waiting");
    const auto before = pair_.b.carried();
    Helper manager(pair_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(family()));
        test.send(Address::local_of(listener.get()).port());
        Fd connection = tcp_accept(listener);
        test.signal();
        test.wait();
        Helper service(nullptr, [&](Channel& stay) {
            stay.wait();
            read_stream(connection, 3000);
            write_stream(connection, 2000);
            stay.wait();
        });
        connection.close();
        test.send(service.pid());
        test.wait();
        service.signal();
        test.wait();
    });
    const auto port = manager.receive<std::uint16_t>();
    Helper client(pair_.a.ns, [&](Channel& test) {
        const Fd connection = tcp_connected(pair_.b.at(family(), port));
        test.wait();
        write_stream(connection, 3000);
        test.signal();
        read_stream(connection, 2000);
        test.signal();
        test.wait();
    });
    manager.wait();
    client.step();
    // As long as it takes until the manager, which alone holds the connection, is found.
    compare_soon("packets waiting for an owner", waiting,
                 [] { return module::counters("waiting"); });
    manager.signal();
    const auto service = manager.receive<pid_t>();
    manager.signal();
    client.wait();
    compare_settled(
        "service", [&] { return tcp(pair_.b.carried() - before - accepted_handshake(family())); },
        [&] { return ctl.process_counters(service); });
    expect_process("manager", manager.pid(), tcp(accepted_handshake(family())));
}

TEST_P(Handover, ThreadThatReadAndWroteKeepsTheConnection) {
    Helper server(pair_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(family()));
        test.send(Address::local_of(listener.get()).port());
        const Fd connection = tcp_accept(listener);
        const auto serve = [&](std::size_t request, std::size_t response) {
            std::thread([&] {
                read_stream(connection, request);
                write_stream(connection, response);
                test.send(own_tid());
                ::pause();
            }).detach();
            test.wait();
        };
        serve(1000, 500);
        serve(20000, 0);
    });
    const auto port = server.receive<std::uint16_t>();
    const auto before = pair_.b.carried();
    Helper client(pair_.a.ns, [&](Channel& test) {
        const Fd connection = tcp_connected(pair_.b.at(family(), port));
        write_stream(connection, 1000);
        read_stream(connection, 500);
        test.signal();
        test.wait();
        write_stream(connection, 20000);
        test.wait();
    });
    client.wait();
    const auto both = server.receive<pid_t>();
    server.signal();
    client.signal();
    const auto reader = server.receive<pid_t>();
    compare_settled(
        "who read and wrote",
        [&] { return tcp(pair_.b.carried() - before - accepted_handshake(family())); },
        [&] { return ctl.thread_counters(both); });
    compare("the reader has counters", false, ctl.thread(reader).has_value());
}
