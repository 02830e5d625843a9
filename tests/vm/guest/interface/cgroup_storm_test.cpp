// SPDX-License-Identifier: GPL-2.0-only
// Sums of cgroups while these come and go, and while processes and threads move and end.
#include "lib/cgroup_test.h"

#include <atomic>
#include <memory>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <thread>

#include "lib/threads.h"

using namespace guest;

namespace {

constexpr unsigned gangs = 4;
constexpr unsigned cgroups_of_gang = 60;
constexpr unsigned lives = 3;        // in each cgroup
constexpr unsigned looked_at = 1024; // sockets of a process that moves, see docs/design.md

struct Order {
    unsigned thread;
    unsigned count; // 0 ends the thread; of thread 0, the process
};

// Threads that send, each on a socket of its own.
class Threads {
public:
    Threads(const Address& to, std::size_t size, unsigned count) {
        for (unsigned i = 0; i < count; i++) {
            int ends[2];
            check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
            orders_.emplace_back(Fd(ends[0]));
            threads_.emplace_back([=, orders = Channel(Fd(ends[1]))]() mutable {
                const Fd socket = udp_socket(Family::v4);
                orders.send(own_tid());
                while (const auto times = orders.receive<unsigned>()) {
                    send_to(socket, to, size, times);
                    orders.signal();
                }
            });
        }
    }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;
    ~Threads() {
        for (unsigned i = 0; i < threads_.size(); i++)
            end(i);
    }
    pid_t tid(unsigned number) { return orders_[number].receive<pid_t>(); }
    void send(unsigned number, unsigned times) {
        orders_[number].send(times);
        orders_[number].wait();
    }
    void end(unsigned number) {
        if (!threads_[number].joinable())
            return;
        orders_[number].send(0U);
        threads_[number].join();
    }

private:
    std::vector<Channel> orders_;
    std::vector<std::thread> threads_;
};

// A process with so many threads besides its leader, which is thread 0; each does what it is told.
class Crew {
public:
    Crew(const Namespace& ns, const Address& to, std::size_t size, unsigned count)
        : helper_(ns, [=](Channel& test) {
              const Fd socket = udp_socket(Family::v4);
              Threads threads(to, size, count);
              for (unsigned i = 0; i < count; i++)
                  test.send(threads.tid(i));
              for (auto order = test.receive<Order>(); order.thread || order.count;
                   order = test.receive<Order>()) {
                  if (order.thread == 0)
                      send_to(socket, to, size, order.count);
                  else if (order.count == 0)
                      threads.end(order.thread - 1);
                  else
                      threads.send(order.thread - 1, order.count);
                  test.signal();
              }
          }) {
        tids_.push_back(helper_.pid());
        for (unsigned i = 0; i < count; i++)
            tids_.push_back(helper_.receive<pid_t>());
    }
    pid_t tid(unsigned thread) const { return tids_[thread]; }
    void send(unsigned thread, unsigned count) {
        helper_.send(Order{thread, count});
        helper_.wait();
    }
    void end(unsigned thread) { send(thread, 0); }
    void end() {
        helper_.send(Order{0, 0});
        helper_.join();
    }

private:
    Helper helper_;
    std::vector<pid_t> tids_;
};

class CgroupStorm : public CgroupTest {
protected:
    Crew crew(unsigned count) const { return {pair_.a.ns, to(), size, count}; }
    // Processes that enter a new cgroup, send and end; then it is removed. What they sent.
    unsigned live_briefly(const std::string& path) const {
        CgroupDirectory cgroup(path);
        unsigned count = 0;
        {
            std::vector<Helper> processes;
            for (unsigned i = 1; i <= lives; i++) {
                processes.emplace_back(nullptr, [&, i](Channel&) {
                    cgroup.take(0);
                    send_to(udp_socket(Family::v4), to(), size, i);
                });
                count += i;
            }
            for (auto& process : processes)
                process.join();
        }
        if (!cgroup.remove())
            fail("remove " + path);
        return count;
    }
    Helper gang(const CgroupDirectory& parent, unsigned number) const {
        return {pair_.a.ns, [this, &parent, number](Channel& test) {
                    const auto name = parent.path() + "/" + std::to_string(number) + "-";
                    unsigned count = 0;
                    for (unsigned i = 0; i < cgroups_of_gang; i++)
                        count += live_briefly(name + std::to_string(i));
                    test.send(count);
                }};
    }
    // Sends from several threads as fast as it can, until it is asked how much that was.
    Helper hurried(unsigned threads) const {
        return {pair_.a.ns, [this, threads](Channel& test) {
                    std::atomic<bool> stop{false};
                    std::atomic<unsigned> count{0};
                    std::vector<std::thread> all;
                    test.wait();
                    for (unsigned i = 0; i < threads; i++)
                        all.emplace_back([&] {
                            const Fd socket = udp_socket(Family::v4);
                            for (; !stop; count++)
                                send_to(socket, to(), size);
                        });
                    test.signal();
                    test.wait();
                    stop = true;
                    for (auto& one : all)
                        one.join();
                    test.send(count.load());
                    test.wait();
                }};
    }
    // So many sockets, each of which has sent a datagram.
    Helper holder(unsigned count) const {
        return {pair_.a.ns, [this, count](Channel& test) {
                    const rlimit many{count + 100, count + 100};
                    check(::setrlimit(RLIMIT_NOFILE, &many), "setrlimit");
                    std::vector<Fd> sockets;
                    for (unsigned i = 0; i < count; i++)
                        sockets.push_back(udp_socket(Family::v4));
                    for (;;) {
                        test.wait();
                        for (const Fd& socket : sockets)
                            send_to(socket, to(), size);
                        test.signal();
                    }
                }};
    }
};

} // namespace

TEST_F(CgroupStorm, ShortLivesInCgroupsThatComeAndGo) {
    const auto before = Genl().total();
    const auto device_before = pair_.a.carried();
    const CgroupDirectory parent(root + "/storm");
    Helper reader(nullptr, [](Channel& test) {
        Genl genl;
        while (!test.ready(1))
            genl.cgroups();
    });
    std::vector<Helper> all;
    for (unsigned i = 0; i < gangs; i++)
        all.push_back(gang(parent, i));
    unsigned count = 0;
    for (auto& one : all) {
        eventually([&] { return one.channel().ready(sizeof(unsigned)); }, 4 * patience);
        count += one.receive<unsigned>();
        one.join();
    }
    reader.signal();
    reader.join();
    compare("device", sent(count).udp, pair_.a.carried() - device_before);
    expect_below("parent, below", sent(count), parent.id());
    compare("parent, own", Counters{}, own(parent.id()));
    compare("total", sent(count).udp.out,
            Genl().total()->counters.udp.out - before->counters.udp.out);
    eventually([&] { return parent.dying_below() == 0; });
    compare("cgroups that are still referred to", 0U, parent.dying_below());
    expect_balance();
}

TEST_F(CgroupStorm, ThreadsAreInTheirOwnCgroups) {
    const CgroupDirectory whole(root + "/whole");
    const CgroupDirectory first(root + "/whole/first");
    const CgroupDirectory second(root + "/whole/second");
    first.make_threaded();
    second.make_threaded();
    Crew process = crew(2);
    whole.take(process.tid(0));
    first.take_thread(process.tid(1));
    second.take_thread(process.tid(2));
    for (unsigned thread = 0; thread < 3; thread++)
        process.send(thread, 3 + thread);
    compare("the leader's", sent(3), own(whole.id()));
    compare("the first's", sent(4), own(first.id()));
    compare("the second's", sent(5), own(second.id()));
    // One alone moves, and both end.
    process.send(1, 10);
    second.take_thread(process.tid(1));
    process.send(1, 20);
    process.end(1);
    process.send(2, 30);
    process.end(2);
    compare("the leader's, later", sent(3), own(whole.id()));
    compare("the first's, later", sent(14), own(first.id()));
    compare("the second's, later", sent(55), own(second.id()));
    process.end();
    expect_balance();
}

TEST_F(CgroupStorm, ThreadsMoveAtFullSpeed) {
    const CgroupDirectory here(root + "/here");
    const CgroupDirectory there(root + "/there");
    Helper process = hurried(4);
    here.take(process.pid());
    process.step();
    const auto sent_in = [](const CgroupDirectory& group) {
        return own(group.id()).udp.out.packets;
    };
    // On a slow machine the threads may not have run in one of the two by then.
    for (unsigned i = 0; i < 50 || (i < 5000 && (sent_in(here) == 0 || sent_in(there) == 0)); i++) {
        there.take(process.pid());
        here.take(process.pid());
        if (i % 10 == 0)
            read_cgroup_books();
    }
    process.signal();
    const auto count = process.receive<unsigned>();
    compare("both", sent(count), own(here.id()) + own(there.id()));
    EXPECT_GT(own(here.id()).udp.out.packets, 0U);
    EXPECT_GT(own(there.id()).udp.out.packets, 0U);
    expect_balance();
}

TEST_F(CgroupStorm, ThreadsMoveBetweenBursts) {
    const CgroupDirectory here(root + "/here");
    const CgroupDirectory there(root + "/there");
    Crew process = crew(4);
    unsigned counts[2] = {};
    for (unsigned round = 0; round < 20; round++) {
        const auto& place = round % 2 ? there : here;
        place.take(process.tid(0));
        for (unsigned thread = 0; thread < 5; thread++) {
            process.send(thread, 1 + round);
            counts[round % 2] += 1 + round;
        }
    }
    compare("here", sent(counts[0]), own(here.id()));
    compare("there", sent(counts[1]), own(there.id()));
    process.end();
    compare("here, at last", sent(counts[0]), own(here.id()));
    compare("there, at last", sent(counts[1]), own(there.id()));
    expect_balance();
}

TEST_F(CgroupStorm, NestedOnesEndFromTheInside) {
    constexpr unsigned depth = 10;
    Genl listener;
    ASSERT_EQ(listener.listen(NETATOP_GENL_GROUP_CGROUP), 0);
    const CgroupDirectory parent(root + "/nested");
    std::map<std::uint64_t, Counters> expected, ended;
    Counters all;
    {
        std::vector<std::unique_ptr<CgroupDirectory>> inside;
        std::string path = parent.path();
        for (unsigned i = 1; i <= depth; i++) {
            path += "/inside";
            inside.push_back(std::make_unique<CgroupDirectory>(path));
            Helper process = sender();
            inside.back()->take(process.pid());
            send(process, i);
            end(process);
            expected[inside.back()->id()] = sent(i);
            all = all + sent(i);
        }
        while (!inside.empty())
            inside.pop_back();
    }
    // Whoever keeps books by what is heard always knows the one that inherits. Others end too.
    while (!expected.empty()) {
        const auto heard = listener.heard_cgroup();
        ASSERT_TRUE(heard);
        const auto id = heard->number(NETATOP_A_CGROUP);
        EXPECT_EQ(ended.count(id), 0U) << "told twice";
        if (expected.count(id) == 0)
            continue;
        compare("what one had", expected[id], heard->counters);
        ended.insert(expected.extract(id));
        EXPECT_EQ(ended.count(heard->number(NETATOP_A_PARENT_CGROUP)), 0U) << "has ended before";
    }
    compare("below", all, below(parent.id()));
    compare("own", Counters{}, own(parent.id()));
    expect_balance();
}

// Processes that nobody has looked at since they sent.
TEST_F(CgroupStorm, WhatIsNotFoldedGoesToTheParent) {
    constexpr unsigned times = 30;
    const CgroupDirectory parent(root + "/parent");
    for (unsigned i = 0; i < times; i++) {
        CgroupDirectory brief(root + "/parent/brief");
        Helper process = sender();
        brief.take(process.pid());
        send(process, 3);
        end(process);
        ASSERT_TRUE(brief.remove());
    }
    expect_below("below", sent(3 * times), parent.id());
    expect_balance();
}

TEST_F(CgroupStorm, AZombieOutlivesItsCgroup) {
    Genl listener;
    ASSERT_EQ(listener.listen(NETATOP_GENL_GROUP_CGROUP), 0);
    const CgroupDirectory parent(root + "/parent");
    CgroupDirectory grave(root + "/parent/grave");
    Helper process = sender();
    grave.take(process.pid());
    send(process, 3);
    process.send(0U);
    process.await_zombie();
    ASSERT_TRUE(grave.remove());
    ASSERT_TRUE(end_of(listener, grave.id()));
    compare("below, while it is a zombie", sent(3), below(parent.id()));
    process.join();
    compare("below", sent(3), below(parent.id()));
    expect_balance();
}

// The leader of a process inherits from its threads, also when its own cgroup has ended.
TEST_F(CgroupStorm, ALeaderThatEndedHasNoCgroup) {
    Genl listener;
    ASSERT_EQ(listener.listen(NETATOP_GENL_GROUP_CGROUP), 0);
    const CgroupDirectory whole(root + "/whole");
    CgroupDirectory of_leader(root + "/whole/leader");
    const CgroupDirectory of_thread(root + "/whole/thread");
    of_leader.make_threaded();
    of_thread.make_threaded();
    Helper process(pair_.a.ns, [this](Channel& test) {
        std::atomic<bool> alone{false};
        std::thread([&] {
            test.send(own_tid());
            eventually([&] { return alone.load(); });
            obey(test);
            ::_exit(0);
        }).detach();
        test.wait();
        send_to(udp_socket(Family::v4), to(), size, 2);
        alone = true;
        ::syscall(SYS_exit, 0); // of this thread; the other one has its stack
    });
    const auto thread = process.receive<pid_t>();
    whole.take(process.pid());
    of_thread.take_thread(thread);
    of_leader.take_thread(process.pid());
    process.signal();
    send(process, 7);
    ASSERT_TRUE(of_leader.remove());
    ASSERT_TRUE(end_of(listener, of_leader.id()));
    send(process, 5);
    end(process);
    compare("the thread's", sent(12), own(of_thread.id()));
    compare("the leader's", sent(2), below(whole.id()));
    expect_balance();
}

TEST_F(CgroupStorm, VeryManySocketsMove) {
    constexpr unsigned sockets = looked_at + 500;
    const CgroupDirectory here(root + "/here");
    const CgroupDirectory there(root + "/there");
    Helper process = holder(sockets);
    here.take(process.pid());
    process.step();
    compare("all", sent(sockets), own(here.id()));
    process.step();
    there.take(process.pid());
    // A collection may have come in between, and then all are folded.
    const auto left = own(here.id()).udp.out.packets - sockets;
    EXPECT_GE(left, looked_at);
    EXPECT_LE(left, sockets);
    compare("both", sent(2 * sockets), own(here.id()) + own(there.id()));
    // Whoever looks before leaves nothing to be looked at.
    process.step();
    const auto before = own(here.id());
    compare("there", sent(3 * sockets) - before, own(there.id()));
    here.take(process.pid());
    compare("here, when all was looked at", before, own(here.id()));
    expect_balance();
}
