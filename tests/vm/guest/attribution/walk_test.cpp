// SPDX-License-Identifier: GPL-2.0-only
// What the search for owners costs on a host with many processes and descriptors, while there is a
// socket that it cannot find an owner for.
#include "lib/guest_test.h"

#include <cstdlib>
#include <fcntl.h>
#include <iostream>

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

class Walk : public GuestTest {};

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
