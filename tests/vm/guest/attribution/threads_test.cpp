// SPDX-License-Identifier: GPL-2.0-only
// Threads: who sends is who is credited, and a process keeps what its threads moved.
#include "lib/guest_test.h"

#include <sys/syscall.h>
#include <thread>

#include "lib/command.h"
#include "lib/threads.h"

using namespace guest;

namespace {

class Threads : public FamilyTest {
protected:
    Pair& pair_ = standard_pair();
    Address nowhere() const { return pair_.b.at(family(), 9); }
    // ICMP errors for the closed port would be noise: somebody listens there.
    Helper sink_{pair_.b.ns, [&](Channel& test) {
                     const Fd socket = udp_bound(nowhere());
                     test.signal();
                     test.wait();
                 }};
    void SetUp() override {
        FamilyTest::SetUp();
        sink_.wait();
    }
};

// Threads that send on one socket when they are told to, and go on living.
class Crew {
public:
    Crew(const Fd& socket, const Address& to, unsigned size) {
        for (unsigned i = 0; i < size; i++) {
            int ends[2];
            check(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), "socketpair");
            orders_.emplace_back(Fd(ends[0]));
            std::thread([&socket, to, orders = Channel(Fd(ends[1]))]() mutable {
                orders.send(own_tid());
                for (;;) {
                    send_to(socket, to, 64, orders.receive<unsigned>());
                    orders.signal();
                }
            }).detach();
            tids_.push_back(orders_.back().receive<pid_t>());
        }
    }
    pid_t tid(unsigned number) const { return tids_[number]; }
    void send(unsigned number, unsigned times) {
        orders_[number].send(times);
        orders_[number].wait();
    }

private:
    std::vector<Channel> orders_;
    std::vector<pid_t> tids_;
};

} // namespace

BOTH_FAMILIES(Threads);

TEST_P(Threads, EachSenderHasItsOwn) {
    Helper sender(pair_.a.ns, [&](Channel& test) {
        std::vector<std::thread> threads;
        for (const unsigned count : {10, 20, 30}) {
            threads.emplace_back([&, count] {
                const Fd socket = udp_socket(family());
                send_to(socket, nowhere(), 64, count);
                test.send(own_tid());
                ::pause();
            });
            test.wait(); // one after the other: the ids arrive in order
        }
        test.wait();
        ::_exit(0);
    });
    for (const unsigned count : {10, 20, 30}) {
        const auto tid = sender.receive<pid_t>();
        expect_thread("thread sending " + std::to_string(count), tid,
                      udp_out(datagrams(family(), count, 64)));
        sender.signal();
    }
    expect_process("their sum", sender.pid(), udp_out(datagrams(family(), 60, 64)));
    compare("the idle leader has counters", false, ctl.thread(sender.pid()).has_value());
}

TEST_P(Threads, SharedSocketGoesToTheLastSender) {
    Helper sender(pair_.a.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair_.a.at(family()));
        test.send(Address::local_of(socket.get()).port());
        std::vector<std::thread> threads;
        for (const unsigned count : {5, 7}) {
            threads.emplace_back([&, count] {
                send_to(socket, nowhere(), 64, count);
                test.send(own_tid());
                ::pause();
            });
            test.wait();
        }
        test.wait();
        ::_exit(0);
    });
    const auto to = pair_.a.at(family(), sender.receive<std::uint16_t>());
    const auto reply = [&](unsigned count) {
        Helper(pair_.b.ns, [&](Channel&) { send_to(udp_socket(family()), to, 100, count); }).join();
    };
    const auto first = sender.receive<pid_t>();
    reply(3);
    expect_thread("first sender", first,
                  udp({datagrams(family(), 5, 64), datagrams(family(), 3, 100)}));
    sender.signal();
    const auto second = sender.receive<pid_t>();
    reply(4);
    expect_thread("second sender", second,
                  udp({datagrams(family(), 7, 64), datagrams(family(), 4, 100)}));
    expect_thread("first sender keeps its own", first,
                  udp({datagrams(family(), 5, 64), datagrams(family(), 3, 100)}));
    expect_process("both", sender.pid(),
                   udp({datagrams(family(), 12, 64), datagrams(family(), 7, 100)}));
}

TEST_P(Threads, ThreadExitsAndItsProcessKeepsTheCounts) {
    Helper sender(pair_.a.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair_.a.at(family()));
        test.send(Address::local_of(socket.get()).port());
        std::thread([&] {
            send_to(socket, nowhere(), 64, 10);
            test.send(own_tid());
        }).join();
        test.wait();
    });
    const auto to = pair_.a.at(family(), sender.receive<std::uint16_t>());
    const auto tid = sender.receive<pid_t>();
    expect_process("after the thread's end", sender.pid(), udp_out(datagrams(family(), 10, 64)));
    compare_soon("the ended thread has counters", false,
                 [&] { return ctl.thread(tid).has_value(); });
    Helper(pair_.b.ns, [&](Channel&) { send_to(udp_socket(family()), to, 100, 6); }).join();
    expect_process("with later packets of its socket", sender.pid(),
                   udp({datagrams(family(), 10, 64), datagrams(family(), 6, 100)}));
    // What comes later goes to the leader, and alone where the kernel tells that the thread ends.
    if (!is_real_time_kernel())
        expect_thread("leader", sender.pid(), udp_in(datagrams(family(), 6, 100)));
}

TEST_P(Threads, LeaderExitsFirst) {
    ExitReader reader;
    reader.drain();
    Helper sender(pair_.a.ns, [&](Channel& test) {
        const Fd socket = udp_socket(family());
        send_to(socket, nowhere(), 64, 5);
        std::thread([&] {
            test.wait();
            send_to(socket, nowhere(), 64, 7);
            test.signal();
            test.wait();
            ::_exit(0);
        }).detach();
        test.signal();
        ::syscall(SYS_exit, 0); // the thread alone, and without unwinding its stack
    });
    sender.wait();
    const auto state = [&] {
        return read_file("/proc/" + std::to_string(sender.pid()) + "/stat").find(") Z ") !=
               std::string::npos;
    };
    ASSERT_TRUE(eventually(state)) << "the leader does not end";
    sender.step();
    expect_process("a leaderless process", sender.pid(), udp_out(datagrams(family(), 12, 64)));
    const auto records = reader.drain();
    compare("exit records while a thread lives", std::size_t{0}, records.size());
    const pid_t pid = sender.pid();
    sender.signal();
    sender.join();
    const auto record = reader.await(pid, patience);
    ASSERT_TRUE(record);
    compare("exit record", udp_out(datagrams(family(), 12, 64)), counters_of(*record));
}

TEST_P(Threads, ReceivingThreadsProcess) {
    Helper receiver(pair_.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair_.b.at(family()));
        test.send(Address::local_of(socket.get()).port());
        std::thread([&] { receive(socket, 8); }).join();
        test.signal();
        test.wait();
    });
    const auto to = pair_.b.at(family(), receiver.receive<std::uint16_t>());
    Helper(pair_.a.ns, [&](Channel&) { send_to(udp_socket(family()), to, 30, 8); }).join();
    receiver.wait();
    expect_process("receiver", receiver.pid(), udp_in(datagrams(family(), 8, 30)));
}

// Nobody asks in between: what a thread has sent is credited to it by the change of owner alone.
TEST_P(Threads, TurnsWithoutAQuestion) {
    Helper sender(pair_.a.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair_.a.at(family()));
        test.send(Address::local_of(socket.get()).port());
        Crew crew(socket, nowhere(), 3);
        for (unsigned i = 0; i < 3; i++)
            test.send(crew.tid(i));
        for (const auto& [number, times] : {std::pair{0U, 5U}, {1U, 7U}, {2U, 4U}, {0U, 2U}}) {
            crew.send(number, times);
            test.signal();
            test.wait();
        }
        ::_exit(0);
    });
    const auto to = pair_.a.at(family(), sender.receive<std::uint16_t>());
    const pid_t tids[] = {sender.receive<pid_t>(), sender.receive<pid_t>(),
                          sender.receive<pid_t>()};
    for (const unsigned replies : {3, 1, 6, 2}) {
        sender.wait();
        Helper(pair_.b.ns, [&](Channel&) {
            send_to(udp_socket(family()), to, 100, replies);
        }).join();
        if (replies != 2)
            sender.signal();
    }
    expect_thread("first", tids[0],
                  udp({datagrams(family(), 5 + 2, 64), datagrams(family(), 3 + 2, 100)}));
    expect_thread("second", tids[1],
                  udp({datagrams(family(), 7, 64), datagrams(family(), 1, 100)}));
    expect_thread("third", tids[2], udp({datagrams(family(), 4, 64), datagrams(family(), 6, 100)}));
    expect_process("their sum", sender.pid(),
                   udp({datagrams(family(), 18, 64), datagrams(family(), 12, 100)}));
}

TEST_P(Threads, TurnsOfProcessesWithoutAQuestion) {
    Helper parent(pair_.a.ns, [&](Channel& test) {
        const Fd socket = udp_socket(family());
        Helper child(nullptr, [&](Channel& turn) {
            for (;;) {
                turn.wait();
                send_to(socket, nowhere(), 64, 8);
                turn.signal();
            }
        });
        test.send(child.pid());
        send_to(socket, nowhere(), 64, 5);
        child.step();
        send_to(socket, nowhere(), 64, 2);
        child.step();
        test.signal();
        test.wait();
    });
    const auto child = parent.receive<pid_t>();
    parent.wait();
    expect_task("child", child, udp_out(datagrams(family(), 16, 64)));
    expect_task("parent", parent.pid(), udp_out(datagrams(family(), 7, 64)));
}

// Nor is anybody asked before the ended thread is forgotten: its heir must not have its counts.
TEST_P(Threads, EndWithoutAQuestion) {
    if (is_real_time_kernel())
        GTEST_SKIP() << "no tracepoints are used there: nothing tells that a thread ends";
    Helper sender(pair_.a.ns, [&](Channel& test) {
        send_to(udp_socket(family()), nowhere(), 64, 3);
        const Fd socket = udp_bound(pair_.a.at(family()));
        test.send(Address::local_of(socket.get()).port());
        std::thread([&] {
            send_to(socket, nowhere(), 64, 10);
            test.signal();
            test.wait();
        }).join();
        test.wait();
    });
    const auto to = pair_.a.at(family(), sender.receive<std::uint16_t>());
    sender.wait();
    // Known from now on: so the number of tasks changes by the thread alone.
    expect_process("sink", sink_.pid(), udp_in(datagrams(family(), 13, 64)));
    const auto tasks = [] { return module::Status::read().number("objects", 1); };
    const auto before = tasks();
    sender.signal();
    ASSERT_TRUE(eventually([&] { return tasks() < before; })) << "no thread is forgotten";
    Helper(pair_.b.ns, [&](Channel&) { send_to(udp_socket(family()), to, 100, 6); }).join();
    expect_thread("leader", sender.pid(),
                  udp({datagrams(family(), 3, 64), datagrams(family(), 6, 100)}));
    expect_process("sender", sender.pid(),
                   udp({datagrams(family(), 13, 64), datagrams(family(), 6, 100)}));
}
