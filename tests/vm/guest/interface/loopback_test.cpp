// SPDX-License-Identifier: GPL-2.0-only
// What loopback carries is told apart from what all other interfaces do, wherever counters are. The
// truth is what lo of the namespace counted.
#include "lib/guest_test.h"

#include <array>
#include <cstring>
#include <map>
#include <set>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "lib/cgroup_test.h"
#include "lib/genl.h"
#include "lib/packet.h"
#include "lib/threads.h"
#include "uapi/netatop_netlink.h"

#include <thread>

using namespace guest;

namespace {

constexpr std::size_t size = 20;

// What so many datagrams are on lo, which counts no Ethernet header.
Flow on_lo(Family family, std::uint64_t count) {
    return {count, count * (size + ip_header(family) + udp_header)};
}

// All and the part of loopback, of everything or of those who are credited.
struct Sums {
    Counters all;
    Counters loopback;
};
Sums operator+(const Sums& a, const Sums& b) {
    return {a.all + b.all, a.loopback + b.loopback};
}
Sums operator-(const Sums& a, const Sums& b) {
    return {a.all - b.all, a.loopback - b.loopback};
}

Counters udp_only(const Counters& counters) {
    return udp(counters.udp);
}

Sums counted() {
    const auto total = Genl().total();
    return {total->counters, total->loopback};
}

// Processes that live, those that exited, and the classes.
Sums credited() {
    Sums sum;
    const auto total = Genl().total();
    for (const auto part : {NETATOP_A_WAITING, NETATOP_A_KERNEL, NETATOP_A_NOSOCKET, NETATOP_A_GONE,
                            NETATOP_A_OVERFLOW, NETATOP_A_EXITED})
        sum = sum + Sums{total->part(part), total->part_loopback(part)};
    for (const auto& task : Genl().tasks({}, true))
        sum = sum + Sums{task.counters, task.loopback};
    return sum;
}

class Loopback : public FamilyTest {
protected:
    Address local(std::uint16_t port) const { return Address(v4() ? "127.0.0.1" : "::1", port); }
    Address remote(std::uint16_t port) const { return pair_.b.at(family(), port); }
    Traffic lo() const { return device_counters(pair_.a.ns, "lo") - lo_before_; }

    // Over the interval: who is credited is all that was counted, of loopback what lo carried and
    // of the rest what the device did.
    void expect_balance() const {
        Sums all, parts;
        eventually(
            [&] {
                all = counted() - before_;
                parts = credited() - credited_before_;
                return all.all == parts.all && all.loopback == parts.loopback &&
                       all.loopback.both() == lo();
            },
            settling);
        compare("over loopback", lo(), all.loopback.both());
        compare("over the others", pair_.a.carried() + pair_.b.carried() - carried_before_,
                (all.all - all.loopback).both());
        compare("credited", all.all, parts.all);
        compare("credited, over loopback", all.loopback, parts.loopback);
    }

    // Of its own, so that nobody else uses lo there.
    const Pair pair_;
    const Traffic lo_before_ = device_counters(pair_.a.ns, "lo");
    const Traffic carried_before_ = pair_.a.carried() + pair_.b.carried();
    Sums before_, credited_before_;

    void SetUp() override {
        FamilyTest::SetUp();
        before_ = counted();
        credited_before_ = credited();
    }
};
BOTH_FAMILIES(Loopback);

// Sends over lo to itself, and to somebody else, in turn, all from one socket; which first is the
// kind of the socket's entry.
struct Order {
    const char* name;
    unsigned first_local;
    unsigned remote;
    unsigned then_local;
};

} // namespace

TEST_P(Loopback, OneSocketOverBoth) {
    Helper sink_b = sink(pair_.b.ns, remote(9));
    sink_b.wait();
    for (const auto& order : {Order{"lo first", 2, 3, 4}, Order{"lo last", 0, 3, 5}}) {
        Helper both(pair_.a.ns, [&](Channel& test) {
            const Fd receiver = udp_bound(local(9));
            const Fd sender = udp_socket(family());
            send_to(sender, local(9), size, order.first_local);
            send_to(sender, remote(9), size, order.remote);
            send_to(sender, local(9), size, order.then_local);
            send_to(sender, remote(9), size, order.remote);
            receive(receiver, order.first_local + order.then_local);
            test.send(cookie_of(sender));
            test.wait();
        });
        const auto cookie = both.receive<std::uint64_t>();
        const auto local_part = on_lo(family(), order.first_local + order.then_local);
        const Counters loopback = udp_out(local_part) + udp_in(local_part);
        const Counters all = loopback + udp_out(datagrams(family(), 2 * order.remote, size));
        const std::string what = order.name;

        expect_process(what, both.pid(), all);
        const auto task = Genl().process(both.pid());
        ASSERT_TRUE(task);
        compare(what + ", the process", all, task->counters);
        compare(what + ", the process over loopback", loopback, task->loopback);
        std::set<std::uint64_t> found;
        for (const auto& sock : Genl().socks()) {
            if (sock.cookie != cookie)
                continue;
            found.insert(sock.cookie);
            compare(what + ", the socket",
                    udp_out(local_part) + udp_out(datagrams(family(), 2 * order.remote, size)),
                    sock.counters);
            compare(what + ", the socket over loopback", udp_out(local_part), sock.loopback);
        }
        EXPECT_EQ(found.size(), 1U) << "the socket is not known";
    }
    expect_balance();
}

TEST_P(Loopback, EachThreadHasItsOwn) {
    Helper sink_b = sink(pair_.b.ns, remote(9));
    sink_b.wait();
    Helper sink_a = sink(pair_.a.ns, local(9));
    sink_a.wait();
    Helper two(pair_.a.ns, [&](Channel& test) {
        std::thread over_lo([&] {
            send_to(udp_socket(family()), local(9), size, 3);
            test.send(own_tid());
            test.wait();
        });
        send_to(udp_socket(family()), remote(9), size, 2);
        over_lo.join();
    });
    const auto thread = two.receive<pid_t>();
    const auto far = udp_out(datagrams(family(), 2, size));
    const auto near = udp_out(on_lo(family(), 3));
    expect_process("both", two.pid(), far + near);
    std::map<std::uint32_t, GenlTask> threads;
    for (const auto& task : Genl().tasks({GenlAttribute::flag(NETATOP_A_THREADS)}, true))
        threads[task.pid] = task;
    const auto& a = threads[static_cast<std::uint32_t>(two.pid())];
    const auto& b = threads[static_cast<std::uint32_t>(thread)];
    compare("the leader", far, a.counters);
    compare("the leader over loopback", Counters{}, a.loopback);
    compare("the thread", near, b.counters);
    compare("the thread over loopback", near, b.loopback);
    two.signal();
    two.join();
    expect_balance();
}

// Connections, with segments that are offloaded, and the answers that no socket gives.
TEST_P(Loopback, ConnectionsAndClosedPorts) {
    for (const bool near : {true, false}) {
        const auto& server = near ? pair_.a.ns : pair_.b.ns;
        TcpParties parties(pair_.a.ns, server, near ? local(7000) : remote(7000),
                           {family(), 300'000, 200'000, 2});
        parties.run();
    }
    Helper(pair_.a.ns, [&](Channel&) {
        for (const auto& to : {local(7), remote(7)}) {
            const Fd socket(check(::socket(domain(family()), SOCK_STREAM, 0), "socket"));
            EXPECT_EQ(::connect(socket.get(), to.get(), to.size()), -1);
        }
    }).join();
    expect_balance();
    const auto all = counted() - before_;
    EXPECT_GT(all.loopback.tcp.out.bytes, 1'000'000U);
    EXPECT_GT((all.all - all.loopback).tcp.out.bytes, 1'000'000U);
}

// A server that listens to all addresses, and a socket that only receives: their first packet
// comes over either.
TEST_P(Loopback, ServersOfBoth) {
    for (const bool near_first : {true, false}) {
        Helper server(pair_.a.ns, [&](Channel& test) {
            const Fd listener = tcp_listener(Address::any(family(), 7001));
            const Fd receiver = udp_bound(Address::any(family(), 7001));
            test.signal();
            for (int i = 0; i < 4; i++) {
                const Fd connection = tcp_accept(listener);
                read_to_end(connection);
            }
            receive(receiver, 4);
            test.signal();
            test.wait();
        });
        server.wait();
        const auto visit = [&](bool near) {
            Helper(near ? pair_.a.ns : pair_.b.ns, [&](Channel&) {
                const auto to = near ? local(7001) : pair_.a.at(family(), 7001);
                const Fd connection = tcp_connected(to);
                write_stream(connection, 1000);
                send_to(udp_socket(family()), to, size);
            }).join();
        };
        for (int i = 0; i < 2; i++) {
            visit(near_first);
            visit(!near_first);
        }
        server.wait();
        // Who only receives is found by a search at the latest, for which this asks.
        const auto task = Genl().process(server.pid());
        ASSERT_TRUE(task);
        compare("datagrams received",
                udp_in(datagrams(family(), 2, size)) + udp_in(on_lo(family(), 2)),
                udp_only(task->counters));
        compare("of these over loopback", udp_in(on_lo(family(), 2)), udp_only(task->loopback));
        EXPECT_GT(task->loopback.tcp.in.packets, 0U);
        EXPECT_LT(task->loopback.tcp.in.packets, task->counters.tcp.in.packets);
        expect_balance();
        server.signal();
        server.join();
    }
    expect_balance();
}

TEST_P(Loopback, FragmentsOverLo) {
    pair_.a.ns.ip("link set lo mtu 1500\n");
    Helper both(pair_.a.ns, [&](Channel& test) {
        const Fd receiver = udp_bound(local(9));
        const Fd sender = udp_socket(family());
        send_to(sender, local(9), 4000, 3);
        receive(receiver, 3);
        test.signal();
        test.wait();
    });
    both.wait();
    const auto carried = lo();
    EXPECT_EQ(carried.out.packets, 9U) << "each datagram has three fragments";
    const Counters expected = udp_out(carried.out) + udp_in(carried.in);
    expect_process("fragments", both.pid(), expected);
    compare("over loopback", expected, Genl().process(both.pid())->loopback);
    expect_balance();
}

// A socket that nobody holds, for it travels, has no owner as long as that.
TEST_P(Loopback, WhatWaitsForAnOwner) {
    Helper traveller(pair_.a.ns, [&](Channel& test) {
        int wire[2];
        check(::socketpair(AF_UNIX, SOCK_STREAM, 0, wire), "socketpair");
        const Fd here(wire[0]), there(wire[1]);
        Fd socket = udp_bound(Address::any(family(), 9));
        const auto cookie = cookie_of(socket);
        pass_descriptor(here.get(), socket);
        socket.close();
        test.send(cookie);
        test.wait();
    });
    const auto cookie = traveller.receive<std::uint64_t>();
    Helper(pair_.b.ns, [&](Channel&) {
        send_to(udp_socket(family()), pair_.a.at(family(), 9), size, 2);
    }).join();
    Helper(pair_.a.ns, [&](Channel&) { send_to(udp_socket(family()), local(9), size, 3); }).join();
    const auto near = udp_in(on_lo(family(), 3));
    std::optional<GenlSock> found;
    for (const auto& sock : Genl().socks())
        if (sock.cookie == cookie)
            found = sock;
    ASSERT_TRUE(found);
    EXPECT_EQ(found->owner_class, std::uint32_t{NETATOP_CLASS_WAITING});
    compare("it holds", near + udp_in(datagrams(family(), 2, size)), found->counters);
    compare("over loopback", near, found->loopback);
    expect_balance();
}

TEST_P(Loopback, FragmentsThatWait) {
    if (!v4())
        GTEST_SKIP() << "LOCAL_IN sees them one by one";
    const Ends ends{local(7), local(9)};
    Helper(pair_.a.ns, [&](Channel&) {
        const Fd raw(check(::socket(AF_INET, SOCK_RAW, IPPROTO_RAW), "socket"));
        const auto part = fragment(ends, {4711, 800, more_fragments}, Bytes(160, 1));
        check(::sendto(raw.get(), part.data(), part.size(), 0, ends.to.get(), ends.to.size()),
              "sendto");
    }).join();
    EXPECT_EQ(lo().in.packets, 1U);
    expect_balance();
}

TEST_P(Loopback, ExitRecord) {
    Helper sink_a = sink(pair_.a.ns, local(9));
    sink_a.wait();
    Helper sink_b = sink(pair_.b.ns, remote(9));
    sink_b.wait();
    Genl listener;
    ASSERT_EQ(listener.listen("exit"), 0);
    Helper sender(pair_.a.ns, [&](Channel&) {
        const Fd socket = udp_socket(family());
        send_to(socket, remote(9), size, 1);
        send_to(socket, local(9), size, 2);
    });
    const auto tgid = static_cast<std::uint32_t>(sender.pid());
    sender.join();
    std::optional<GenlTask> record;
    do {
        record = listener.heard();
    } while (record && record->tgid != tgid);
    ASSERT_TRUE(record);
    const auto near = udp_out(on_lo(family(), 2));
    compare("in all", udp_out(datagrams(family(), 1, size)) + near, record->counters);
    compare("over loopback", near, record->loopback);
    expect_balance();
}

TEST_P(Loopback, ProcFileTellsBoth) {
    Helper sink_a = sink(pair_.a.ns, local(9));
    sink_a.wait();
    const auto before = module::Status::read();
    Helper(pair_.a.ns, [&](Channel&) { send_to(udp_socket(family()), local(9), size, 4); }).join();
    const Counters near = udp_out(on_lo(family(), 4)) + udp_in(on_lo(family(), 4));
    compare_soon("the total", near,
                 [&] { return module::counters("total") - before.counters("total"); });
    compare("of it over loopback", near,
            module::counters("loopback total") - before.counters("loopback total"));
    compare_soon("exited, over loopback", udp_out(on_lo(family(), 4)), [&] {
        return module::counters("loopback exited") - before.counters("loopback exited");
    });
}

namespace {

class CgroupLoopback : public CgroupTest {
protected:
    // The record of a process that has ended, with room behind it, whose bytes are marked.
    struct Long {
        netatop_exit record;
        std::array<unsigned char, 8> behind;
    };
    Long long_record(pid_t pid) const {
        EXPECT_EQ(ctl.force_gc(), 0);
        Long taken{};
        do {
            std::memset(&taken, 0xa5, sizeof taken);
            socklen_t length = sizeof taken;
            if (const int error = ctl.call(NETATOP_GETCNT_EXIT_LONG, &taken, &length))
                fail("GETCNT_EXIT_LONG", error);
            compare("length", socklen_t{192}, length);
        } while (taken.record.id != pid);
        return taken;
    }
};

Counters counters_in(const __u64* count) {
    return {{{count[0], count[1]}, {count[2], count[3]}},
            {{count[4], count[5]}, {count[6], count[7]}}};
}

} // namespace

TEST_F(CgroupLoopback, LongExitRecord) {
    CgroupDirectory group(root + "/long");
    const auto begin = boottime_ns();
    Helper sender(pair_.a.ns, [&](Channel& test) {
        struct stat net {};
        check(::stat("/proc/self/ns/net", &net), "stat");
        test.send(net.st_ino);
        check(::prctl(PR_SET_NAME, "a long record"), "prctl");
        test.wait();
        const Fd receiver = udp_bound(Address("127.0.0.1", 9));
        const Fd socket = udp_socket(Family::v4);
        send_to(socket, Address("127.0.0.1", 9), size, 3);
        receive(receiver, 3);
        send_to(socket, to(), size, 2);
        check(::setuid(4321), "setuid");
        test.signal();
        test.wait();
    });
    const auto netns = sender.receive<ino_t>();
    group.take(sender.pid());
    const pid_t pid = sender.pid();
    const auto near = udp_out(on_lo(Family::v4, 3)) + udp_in(on_lo(Family::v4, 3));
    sender.step();
    compare_soon("while it lives", near + sent(2), [&] { return ctl.process_counters(pid); });
    const auto middle = boottime_ns();
    sender.signal();
    sender.join();
    const auto end = boottime_ns();
    const auto [record, behind] = long_record(pid);
    compare("in all", near + sent(2), counters_in(record.count));
    compare("over loopback", near, counters_in(record.loopback));
    compare("name", std::string("a long record"), std::string(record.command));
    compare("parent", static_cast<std::uint32_t>(::getpid()), record.parent);
    compare("user", std::uint32_t{4321}, record.uid);
    compare("network namespace", static_cast<std::uint32_t>(netns), record.netns);
    compare("cgroup", std::uint64_t{group.id()}, std::uint64_t{record.cgroup});
    compare("started", true, begin <= record.start && record.start <= middle);
    compare("ended", true, middle <= record.end && record.end <= end);
    for (const auto byte : behind)
        compare("what is behind it", 0xa5, int{byte});
    group.remove();
}

TEST_F(CgroupLoopback, SumsTellItApart) {
    CgroupDirectory group(root + "/loopback");
    Helper sender(pair_.a.ns, [&](Channel& test) {
        const Fd receiver = udp_bound(Address("127.0.0.1", 9));
        test.wait();
        const Fd socket = udp_socket(Family::v4);
        send_to(socket, Address("127.0.0.1", 9), size, 3);
        receive(receiver, 3);
        send_to(socket, to(), size, 2);
        test.signal();
        test.wait();
    });
    group.take(sender.pid());
    sender.step();
    const auto near = udp_out(on_lo(Family::v4, 3)) + udp_in(on_lo(Family::v4, 3));
    compare_soon("in all", near + sent(2), [&] { return own(group.id()); });
    compare("over loopback", near, Genl().cgroups()[group.id()].loopback);
    sender.signal();
    sender.join();
    compare("over loopback, of who has exited", near, Genl().cgroups()[group.id()].loopback);
    const auto id = group.id();
    group.remove();
    const auto total_below = [] {
        Counters sum;
        for (const auto& [number, sums] : Genl().cgroups())
            sum = sum + sums.part_loopback(NETATOP_A_ENDED_BELOW);
        return sum;
    };
    eventually([&] { return Genl().cgroups().count(id) == 0; });
    EXPECT_GE(total_below().udp.out.packets, 3U);
    expect_balance();
}
