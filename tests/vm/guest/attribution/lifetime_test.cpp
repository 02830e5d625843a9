// SPDX-License-Identifier: GPL-2.0-only
// Processes that come, change and go: reused ids, new programs, containers, unsent data.
#include "lib/guest_test.h"

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/command.h"
#include "lib/scene.h"

using namespace guest;

namespace {

constexpr auto next_number = "/proc/sys/kernel/ns_last_pid";

class Lifetime : public FamilyTest {
protected:
    Pair& pair_ = standard_pair();
    // Somebody on the other side who listens, so that no errors come back.
    Helper sink_{pair_.b.ns, [&](Channel& test) {
                     const Fd socket = udp_bound(sink());
                     test.signal();
                     test.wait();
                 }};
    void SetUp() override {
        FamilyTest::SetUp();
        sink_.wait();
    }
    Address sink() const { return pair_.b.at(family(), 9); }
};

} // namespace

BOTH_FAMILIES(Lifetime);

TEST_P(Lifetime, ReusedPidIsAnotherTask) {
    ExitReader reader;
    reader.drain();
    if (::access(next_number, W_OK) != 0)
        GTEST_SKIP() << "this kernel lets nobody choose the number of a process";
    // The same number at once. Whoever else forks in between keeps it: then with another one.
    pid_t pid = 0;
    std::optional<Helper> second;
    const bool reused = eventually([&] {
        Helper first(pair_.a.ns, [&](Channel&) { send_to(udp_socket(family()), sink(), 40, 10); });
        pid = first.pid();
        first.join();
        write_file(next_number, std::to_string(pid - 1));
        second.emplace(pair_.a.ns, [&](Channel& test) {
            test.wait();
            send_to(udp_socket(family()), sink(), 40, 3);
            test.signal();
            test.wait();
        });
        return second->pid() == pid;
    });
    ASSERT_TRUE(reused) << "could not get pid " << pid << " again";
    compare("second process, before it sends, has counters", false, ctl.process(pid).has_value());
    second->step();
    expect_task("second process", pid, udp_out(datagrams(family(), 3, 40)));
    const auto record = reader.await(pid, patience);
    ASSERT_TRUE(record);
    compare("first process, exit record", udp_out(datagrams(family(), 10, 40)),
            counters_of(*record));
}

// It runs in the memory of its parent, which waits, and has descriptors of its own for the same
// sockets.
TEST_P(Lifetime, ChildOfVforkSendsForItself) {
    ExitReader reader;
    reader.drain();
    Helper parent(pair_.a.ns, [&](Channel& test) {
        const Fd socket = udp_connected(sink());
        send_connected(socket, 40, 3);
        const pid_t child = ::vfork();
        if (child == 0) {
            send_connected(socket, 50, 2);
            ::_exit(0);
        }
        check(child, "vfork");
        send_connected(socket, 60, 4);
        test.send(child);
        test.wait();
    });
    const auto child = parent.receive<pid_t>();
    const auto record = reader.await(child, patience);
    ASSERT_TRUE(record);
    compare("child, exit record", udp_out(datagrams(family(), 2, 50)), counters_of(*record));
    expect_task("parent", parent.pid(),
                udp_out(datagrams(family(), 3, 40) + datagrams(family(), 4, 60)));
}

TEST_P(Lifetime, ExecKeepsCountsAndChangesName) {
    Helper sender(pair_.a.ns, [&](Channel& test) {
        ::prctl(PR_SET_NAME, "before-exec");
        const Fd socket = udp_connected(sink());
        send_connected(socket, 40, 5);
        test.signal();
        test.wait();
        exec_scene(socket.get(), test.fd(), 40, 6);
    });
    sender.wait();
    expect_task("before exec", sender.pid(), udp_out(datagrams(family(), 5, 40)));
    const auto before = ctl.process(sender.pid());
    compare("name before", std::string("before-exec"),
            std::string(before ? before->command : "nothing"));
    sender.step();
    expect_task("after exec", sender.pid(), udp_out(datagrams(family(), 11, 40)));
    const auto after = ctl.process(sender.pid());
    // The kernel names it after /proc/self/exe.
    compare("name after", std::string("exe"), std::string(after ? after->command : "nothing"));
}

TEST_P(Lifetime, ContainerSeenFromOutsideAndInside) {
    Helper runtime(nullptr, [&](Channel& test) {
        check(::unshare(CLONE_NEWPID), "unshare PID namespace");
        pair_.a.ns.enter();
        Helper child(nullptr, [&](Channel& stay) {
            stay.wait();
            const Fd socket = udp_socket(family());
            send_to(socket, sink(), 40, 13);
            stay.send(Ctl().process_counters(1));
            stay.wait();
        });
        test.send(child.pid());
        test.wait();
        child.signal();
        test.send(child.receive<Counters>());
        test.wait();
    });
    const auto child = runtime.receive<pid_t>();
    runtime.signal();
    const auto expected = udp_out(datagrams(family(), 13, 40));
    compare("seen from inside", expected, runtime.receive<Counters>());
    expect_task("seen from outside", child, expected);
    compare("its runtime has counters", false, ctl.process(runtime.pid()).has_value());
}

TEST_P(Lifetime, ExitWithUnsentData) {
    constexpr std::size_t size = 400000;
    ExitReader reader;
    reader.drain();
    const auto gone_before = module::counters("gone");
    const auto before = pair_.a.carried();
    Helper server(pair_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(family()));
        set_option(listener, SOL_SOCKET, SO_RCVBUF, 8192);
        test.send(Address::local_of(listener.get()).port());
        const Fd connection = tcp_accept(listener);
        test.wait();
        test.send(read_to_end(connection));
        test.wait();
    });
    const auto port = server.receive<std::uint16_t>();
    Helper client(pair_.a.ns, [&](Channel&) {
        const Fd connection = tcp_connected(pair_.b.at(family(), port));
        set_option(connection, SOL_SOCKET, SO_SNDBUFFORCE, 4 * size);
        write_stream(connection, size);
    });
    const pid_t client_pid = client.pid();
    client.join();
    const auto record = reader.await(client_pid, patience);
    ASSERT_TRUE(record);
    const auto own = counters_of(*record);
    server.signal();
    compare("received by the server", size, server.receive<std::uint64_t>());
    compare_settled(
        "process and class of those gone", [&] { return tcp(pair_.a.carried() - before); },
        [&] { return own + module::counters("gone") - gone_before; });
    EXPECT_LT(own.tcp.out.bytes, size) << "nothing was left to send after the exit";
    EXPECT_GT(own.tcp.out.packets, 0U);
}

TEST_P(Lifetime, ManyShortLives) {
    constexpr int lives = 40;
    ExitReader reader;
    reader.drain();
    std::vector<pid_t> pids;
    for (int i = 0; i < lives; i++) {
        Helper life(pair_.a.ns,
                    [&](Channel&) { send_to(udp_socket(family()), sink(), 40, 1 + i % 3); });
        pids.push_back(life.pid());
        life.join();
    }
    const auto records = reader.drain();
    int exact = 0;
    for (int i = 0; i < lives; i++)
        for (const auto& record : records)
            exact += record.id == pids[i] &&
                     counters_of(record) == udp_out(datagrams(family(), 1 + i % 3, 40));
    compare("exact exit records", lives, exact);
}
