// SPDX-License-Identifier: GPL-2.0-only
// What the search for owners costs on a host with many processes, threads and descriptors, while
// there is a socket that it cannot find an owner for.
#include "lib/guest_test.h"

#include <atomic>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <iostream>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "lib/command.h"

using namespace guest;

namespace {

constexpr unsigned descriptors_each = 50;

unsigned processes() {
    const char* given = std::getenv("NETATOP_PROCESSES");
    return given != nullptr ? static_cast<unsigned>(std::atoi(given)) : 1000;
}

// A process that holds so many processes, each with many descriptors, until it is destroyed.
Helper crowd(unsigned count) {
    return {nullptr, [count](Channel& test) {
                const Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
                int hold[2];
                if (pipe(hold) != 0)
                    throw std::runtime_error("no pipe");
                for (unsigned i = 0; i < count; i++) {
                    const pid_t child = fork();
                    if (child < 0)
                        throw std::runtime_error("no process " + std::to_string(i));
                    if (child > 0)
                        continue;
                    close(hold[1]);
                    for (unsigned n = 0; n < descriptors_each; n++)
                        if (dup(null.get()) < 0)
                            _exit(1);
                    char end = 0;
                    // The end of the pipe is the end of the crowd.
                    _exit(read(hold[0], &end, 1) == 0 ? 0 : 1);
                }
                test.signal();
                test.wait();
            }};
}

// How many threads, each with a descriptor table of its own.
unsigned threads() {
    const char* given = std::getenv("NETATOP_THREADS");
    return given != nullptr ? static_cast<unsigned>(std::atoi(given)) : 4000;
}

std::atomic<unsigned> threads_ready;

void* own_table(void*) {
    check(::unshare(CLONE_FILES), "unshare");
    threads_ready++;
    for (;;)
        ::pause();
}

// A process with so many threads, each with a descriptor table of its own.
Helper weaver(unsigned count) {
    return {nullptr, [count](Channel& test) {
                pthread_attr_t small;
                ::pthread_attr_init(&small);
                ::pthread_attr_setstacksize(&small, 16384);
                for (unsigned i = 0; i < count; i++) {
                    pthread_t thread;
                    if (::pthread_create(&thread, &small, own_table, nullptr) != 0)
                        throw std::runtime_error("no thread " + std::to_string(i));
                }
                eventually([&] { return threads_ready == count; });
                test.signal();
                test.wait();
                ::_exit(0);
            }};
}

// A process of its own with the same descriptors as this one, not only copies of them.
pid_t sharing_descriptors(const std::function<void()>& body) {
    alignas(16) static char stack[65536];
    const pid_t child = ::clone(
        [](void* given) {
            (*static_cast<const std::function<void()>*>(given))();
            return 0;
        },
        stack + sizeof(stack), CLONE_FILES | SIGCHLD, const_cast<std::function<void()>*>(&body));
    check(child, "clone");
    return child;
}

milliseconds took(const std::function<void()>& call) {
    const auto begin = Clock::now();
    call();
    return std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
}

// A socket in flight, which has received one datagram: nobody has a descriptor.
class Travelling {
public:
    Travelling() {
        check(::socketpair(AF_UNIX, SOCK_STREAM, 0, wire_), "socketpair");
        Fd socket = udp_bound(Address("127.0.0.1", 0));
        const Address to = Address::local_of(socket.get());
        pass_descriptor(wire_[0], socket);
        socket.close();
        send_to(udp_socket(Family::v4), to, 1);
    }
    ~Travelling() {
        ::close(wire_[0]);
        ::close(wire_[1]);
    }
    Travelling(const Travelling&) = delete;
    Travelling& operator=(const Travelling&) = delete;

private:
    int wire_[2];
};

class Walk : public GuestTest {
protected:
    // The duration of a walk and the descriptors that it looked at, when the next one is done.
    struct Cost {
        std::uint64_t ns;
        std::uint64_t descriptors;
    };
    Cost next_walk() const {
        const auto before = module::Status::read();
        module::Status after;
        EXPECT_TRUE(eventually([&] {
            after = module::Status::read();
            return after.number("owner walks") != before.number("owner walks");
        }));
        const auto walks = after.number("owner walks") - before.number("owner walks");
        return {after.number("owner walk last ns"),
                (after.number("owner walk descriptors") - before.number("owner walk descriptors")) /
                    std::max<std::uint64_t>(walks, 1)};
    }
};

} // namespace

TEST_F(Walk, FindsAnOwnerAmongManyAndLeavesTheMachineInPeace) {
    const Pair& pair = standard_pair();
    const unsigned count = processes();
    Helper many = crowd(count);
    many.wait();

    // A connection that nobody accepts has no owner, however long one looks.
    Helper server(pair.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair.b.at(Family::v4));
        test.send(Address::local_of(listener.get()).port());
        test.wait();
    });
    const auto port = server.receive<std::uint16_t>();
    Helper client(pair.a.ns, [&](Channel& test) {
        const Fd connection = tcp_connected(pair.b.at(Family::v4, port));
        write_stream(connection, 100);
        test.signal();
        test.wait();
    });
    client.wait();

    // The newest process of all only receives.
    Helper receiver(pair.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair.b.at(Family::v4));
        test.send(Address::local_of(socket.get()).port());
        test.wait();
        receive(socket);
        test.signal();
        test.wait();
    });
    const Address to = pair.b.at(Family::v4, receiver.receive<std::uint16_t>());
    Helper sender(pair.a.ns, [&](Channel&) { send_to(udp_socket(Family::v4), to, 100); });
    sender.join();

    const auto begin = Clock::now();
    ASSERT_EQ(ctl.force_gc(), 0);
    const auto forced = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
    EXPECT_EQ(ctl.process_counters(receiver.pid()), udp_in(datagrams(Family::v4, 1, 100)));

    const auto before = module::Status::read();
    EXPECT_GE(before.number("sockets without owner"), 1U);
    constexpr milliseconds watched{5000};
    std::this_thread::sleep_for(watched);
    const auto after = module::Status::read();
    const auto walks = after.number("owner walks") - before.number("owner walks");
    const auto seen =
        after.number("owner walk descriptors") - before.number("owner walk descriptors");
    std::cout << count << " processes, " << (walks != 0 ? seen / walks : 0)
              << " descriptors a walk, " << after.number("owner walk last ns") / 1000
              << " us a walk, " << walks << " walks in 5 s; a forced collection took "
              << forced.count() << " ms\n";
    EXPECT_GE(walks, 1U);
    EXPECT_GE(seen, walks * count * descriptors_each);
    // Each walk that finds nobody doubles the pause before the next, from 10 ms on.
    EXPECT_LE(walks, 12U);
}

TEST_F(Walk, ManyTablesOfThreadsKeepNobodyWaiting) {
    const unsigned count = threads();
    std::uint64_t few_ns;
    {
        Helper few = weaver(count / 8);
        few.wait();
        const Travelling unowned;
        few_ns = next_walk().ns;
    }
    Helper many = weaver(count);
    many.wait();
    const Travelling unowned;
    const Cost cost = next_walk();
    std::cout << count / 8 << " threads " << few_ns / 1000 << " us, " << count << " threads "
              << cost.ns / 1000 << " us\n";
    EXPECT_GE(cost.descriptors, count * 3);
    // Eight times as many cost eight times as much, and not sixty-four times.
    EXPECT_LE(cost.ns, std::max<std::uint64_t>(few_ns, 1000000) * 24);

    milliseconds read{}, forced{}, asked{};
    for (const auto end = Clock::now() + milliseconds(6000); Clock::now() < end;) {
        read = std::max(read, took([] { module::Status::read(); }));
        asked = std::max(asked, took([&] { (void)ctl.process(many.pid()); }));
        forced = std::max(forced, took([&] { EXPECT_EQ(ctl.force_gc(), 0); }));
        std::this_thread::sleep_for(milliseconds(20));
    }
    std::cout << "/proc/netatop took up to " << read.count() << " ms, a process " << asked.count()
              << " ms, a forced collection " << forced.count() << " ms\n";
    // By what this machine takes: less than one walk that costs the square.
    const auto limit = std::max<std::int64_t>(static_cast<std::int64_t>(few_ns) / 1000000, 4) * 48;
    EXPECT_LE(read.count(), limit);
    EXPECT_LE(asked.count(), limit);
    EXPECT_LE(forced.count(), limit * 5 / 2);
}

TEST_F(Walk, SharedTableIsLookedThroughOnce) {
    constexpr unsigned descriptors = 2000, sharers = 100;
    Helper holder(nullptr, [&](Channel& test) {
        const Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
        std::vector<Fd> held;
        for (unsigned i = 0; i < descriptors; i++)
            held.emplace_back(fcntl(null.get(), F_DUPFD_CLOEXEC, 0));
        std::vector<pid_t> children;
        for (unsigned i = 0; i < sharers; i++)
            children.push_back(sharing_descriptors([] {
                for (;;)
                    ::pause();
            }));
        test.signal();
        test.wait();
        for (const pid_t child : children) {
            ::kill(child, SIGKILL);
            ::waitpid(child, nullptr, 0);
        }
    });
    holder.wait();
    const Travelling unowned;
    const Cost cost = next_walk();
    std::cout << cost.descriptors << " descriptors a walk\n";
    EXPECT_GE(cost.descriptors, descriptors);
    EXPECT_LE(cost.descriptors, 3 * descriptors);
    holder.signal();
    holder.join();
}

TEST_F(Walk, SharedTableIsTheOldestProcesss) {
    const Pair& pair = standard_pair();
    Helper oldest(pair.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair.b.at(Family::v4));
        const pid_t child = sharing_descriptors([] {
            for (;;)
                ::pause();
        });
        test.send(Address::local_of(socket.get()).port());
        test.send(child);
        test.wait();
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        test.signal();
        test.wait();
    });
    const Address to = pair.b.at(Family::v4, oldest.receive<std::uint16_t>());
    const auto younger = oldest.receive<pid_t>();
    Helper(pair.a.ns, [&](Channel&) { send_to(udp_socket(Family::v4), to, 100, 3); }).join();
    // Asked about first, before any walk: the socket is no less the other's.
    compare("the younger one has counters", false, ctl.process(younger).has_value());
    expect_process("oldest", oldest.pid(), udp_in(datagrams(Family::v4, 3, 100)));
    oldest.step();
    expect_process("oldest, alone", oldest.pid(), udp_in(datagrams(Family::v4, 3, 100)));
}

TEST_F(Walk, EndOfAYoungerSharerTakesNothing) {
    const Pair& pair = standard_pair();
    Helper oldest(pair.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair.b.at(Family::v4));
        int hold[2];
        check(::pipe(hold), "pipe");
        const pid_t child = sharing_descriptors([&] {
            char end;
            (void)!::read(hold[0], &end, 1);
            ::_exit(0);
        });
        test.send(Address::local_of(socket.get()).port());
        test.wait();
        (void)!::write(hold[1], "x", 1);
        ::waitpid(child, nullptr, 0);
        test.signal();
        test.wait();
    });
    const Address to = pair.b.at(Family::v4, oldest.receive<std::uint16_t>());
    ExitReader reader;
    reader.drain();
    Helper(pair.a.ns, [&](Channel&) { send_to(udp_socket(Family::v4), to, 100, 3); }).join();
    oldest.step();
    for (const auto& record : reader.drain())
        compare("a process that ended has received", Flow{}, counters_of(record).udp.in);
    expect_process("oldest", oldest.pid(), udp_in(datagrams(Family::v4, 3, 100)));
}

// The workers of vhost are threads of the process and have no descriptors.
TEST_F(Walk, EndOfAProcessWithAWorkerOfTheKernel) {
    try {
        run({"modprobe", "vhost_net"});
    } catch (const std::exception& failure) {
        GTEST_SKIP() << failure.what();
    }
    Helper feeder(nullptr, [](Channel& test) {
        for (unsigned i = 0; !test.ready(1); i++) {
            const Travelling unowned;
            if (i == 0)
                test.signal();
            std::this_thread::sleep_for(milliseconds(5));
        }
    });
    feeder.wait();
    constexpr unsigned long set_owner = _IO(0xAF, 0x01);
    for (unsigned i = 0; i < 100; i++)
        Helper(nullptr, [](Channel&) {
            const Fd vhost(open("/dev/vhost-net", O_RDWR | O_CLOEXEC));
            check(::ioctl(vhost.get(), set_owner), "VHOST_SET_OWNER");
            ::_exit(0);
        }).join();
    feeder.signal();
    feeder.join();
}
