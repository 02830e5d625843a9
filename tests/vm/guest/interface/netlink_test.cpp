// SPDX-License-Identifier: GPL-2.0-only
// The generic netlink family: what it says of tasks, to whom, and while they come and go.
#include "lib/guest_test.h"

#include <array>
#include <csignal>
#include <map>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>

#include "lib/command.h"
#include "lib/genl.h"
#include "uapi/netatop_netlink.h"

using namespace guest;

namespace {

constexpr std::size_t size = 20;
constexpr uid_t nobody = 65534;

class Netlink : public GuestTest {
protected:
    // Processes that live until they are told, or killed; each has sent one datagram more than the
    // one before.
    std::vector<Helper> senders(unsigned count) const {
        std::vector<Helper> all;
        for (unsigned i = 0; i < count; i++) {
            all.emplace_back(pair_.a.ns, [this, i](Channel& test) {
                send_to(udp_socket(Family::v4), pair_.b.at(Family::v4, 9), size, i + 1);
                test.signal();
                test.wait();
            });
        }
        for (auto& sender : all)
            sender.wait();
        return all;
    }
    static Counters sent(unsigned count) { return udp_out(datagrams(Family::v4, count, size)); }
    static std::vector<GenlAttribute> of_process(pid_t tgid) {
        return {GenlAttribute::number(NETATOP_A_TGID, static_cast<std::uint32_t>(tgid))};
    }

    // How often a dump names each process, and with what.
    static std::map<std::uint32_t, std::vector<Counters>>
    by_tgid(const std::vector<GenlTask>& tasks) {
        std::map<std::uint32_t, std::vector<Counters>> all;
        for (const auto& task : tasks)
            all[task.tgid].push_back(task.counters);
        return all;
    }

    Pair& pair_ = standard_pair();
    Helper sink_ = sink(pair_.b.ns, pair_.b.at(Family::v4, 9));
    void SetUp() override {
        GuestTest::SetUp();
        sink_.wait();
    }
};

} // namespace

TEST_F(Netlink, OneProcess) {
    const auto before = boottime_ns();
    auto helpers = senders(3);
    Genl genl;
    for (unsigned i = 0; i < helpers.size(); i++) {
        const auto task = genl.process(helpers[i].pid());
        ASSERT_TRUE(task);
        compare("command", NETATOP_CMD_TASK, static_cast<int>(task->command));
        compare("process", static_cast<std::uint32_t>(helpers[i].pid()), task->tgid);
        compare("counters", sent(i + 1), task->counters);
        compare("user", 0U, task->uid);
        EXPECT_GE(task->start, before);
        EXPECT_LE(task->start, boottime_ns());
        compare("end", std::uint64_t{0}, task->end);
        const auto comm = read_file("/proc/" + std::to_string(helpers[i].pid()) + "/comm");
        compare("name", comm.substr(0, comm.size() - 1), task->comm);
    }
}

TEST_F(Netlink, CgroupIsTheInodeOfItsDirectory) {
    const std::string root = "/tmp/cgroup2";
    ::mkdir(root.c_str(), 0755);
    if (::mount("none", root.c_str(), "cgroup2", 0, nullptr) != 0)
        GTEST_SKIP() << "no cgroup2 in this machine";
    const std::string directory = root + "/netlink-test";
    ::mkdir(directory.c_str(), 0755);
    auto helpers = senders(2);
    write_file(directory + "/cgroup.procs", std::to_string(helpers[0].pid()));
    struct stat status {};
    check(::stat(directory.c_str(), &status), "stat");
    const auto task = Genl().process(helpers[0].pid());
    ASSERT_TRUE(task);
    compare("cgroup", static_cast<std::uint64_t>(status.st_ino), task->cgroup);
    const auto within =
        Genl().tasks({GenlAttribute::number64(NETATOP_A_CGROUP, status.st_ino)}, true);
    EXPECT_FALSE(within.empty());
    for (const auto& one : within)
        compare("process in it", static_cast<std::uint32_t>(helpers[0].pid()), one.tgid);
    helpers.clear();
    eventually([&] { return ::rmdir(directory.c_str()) == 0; });
    check(::umount(root.c_str()), "umount");
}

TEST_F(Netlink, DumpHasEachProcessOnce) {
    auto helpers = senders(200);
    // One that meets the table while it grows says some twice.
    std::map<std::uint32_t, std::vector<Counters>> found;
    const auto once = [&] {
        found = by_tgid(Genl().tasks({}, true));
        return std::all_of(found.begin(), found.end(),
                           [](const auto& one) { return one.second.size() == 1; });
    };
    EXPECT_TRUE(eventually(once, settling));
    for (unsigned i = 0; i < helpers.size(); i++) {
        const auto it = found.find(static_cast<std::uint32_t>(helpers[i].pid()));
        ASSERT_NE(it, found.end()) << "process " << i << " is missing";
        ASSERT_EQ(it->second.size(), 1U) << "process " << i;
        ASSERT_EQ(it->second[0], sent(i + 1)) << "process " << i;
    }
}

TEST_F(Netlink, DumpOfTheThreadsOfAProcess) {
    Helper process(pair_.a.ns, [this](Channel& test) {
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < 3; i++) {
            threads.emplace_back([this, i, &test] {
                send_to(udp_socket(Family::v4), pair_.b.at(Family::v4, 9), size, i + 1);
                test.send(static_cast<std::uint32_t>(::gettid()));
                ::pause();
            });
            test.wait();
        }
        ::pause();
    });
    std::map<std::uint32_t, Counters> expected;
    for (unsigned i = 0; i < 3; i++) {
        expected[process.receive<std::uint32_t>()] = sent(i + 1);
        process.signal();
    }
    auto other = senders(1);
    auto filter = of_process(process.pid());
    filter.push_back(GenlAttribute::flag(NETATOP_A_THREADS));
    std::map<std::uint32_t, Counters> got;
    for (const auto& task : Genl().tasks(filter, true)) {
        compare("process", static_cast<std::uint32_t>(process.pid()), task.tgid);
        // Twice when the table shrinks meanwhile, as it does after many have ended.
        const auto& known = got.emplace(task.pid, task.counters).first->second;
        EXPECT_EQ(known, task.counters) << task.pid;
    }
    EXPECT_EQ(got, expected);
}

TEST_F(Netlink, NobodyIsMissingWhileTablesAreResized) {
    auto helpers = senders(100);
    for (int round = 0; round < 5; round++) {
        Genl genl;
        std::vector<GenlTask> all;
        std::vector<Helper> others;
        genl.ask(NETATOP_CMD_GET_TASK, {}, true);
        // The table of processes grows from one message to the next, and shrinks afterwards.
        while (genl.next(all)) {
            for (auto& one : senders(60))
                others.push_back(std::move(one));
        }
        compare("error", 0, genl.error());
        auto found = by_tgid(all);
        for (unsigned i = 0; i < helpers.size(); i++) {
            const auto& counters = found[static_cast<std::uint32_t>(helpers[i].pid())];
            ASSERT_GE(counters.size(), 1U) << "process " << i << " is missing in round " << round;
            for (const auto& one : counters)
                ASSERT_EQ(one, sent(i + 1));
        }
    }
}

TEST_F(Netlink, EveryListenerHearsOfEachEnd) {
    Genl first;
    Genl second;
    ASSERT_EQ(first.listen(NETATOP_GENL_GROUP_EXIT), 0);
    ASSERT_EQ(second.listen(NETATOP_GENL_GROUP_EXIT), 0);
    const auto before = boottime_ns();
    auto helpers = senders(3);
    for (unsigned i = 0; i < helpers.size(); i++) {
        const auto pid = static_cast<std::uint32_t>(helpers[i].pid());
        helpers[i].signal();
        helpers[i].join();
        for (auto* listener : {&first, &second}) {
            std::optional<GenlTask> task;
            do // other processes of the machine end too
                task = listener->heard();
            while (task && task->tgid != pid);
            ASSERT_TRUE(task);
            compare("command", NETATOP_CMD_EXIT, static_cast<int>(task->command));
            compare("counters", sent(i + 1), task->counters);
            EXPECT_GE(task->start, before);
            EXPECT_GE(task->end, task->start);
            EXPECT_LE(task->end, boottime_ns());
            compare("user", 0U, task->uid);
            compare("parent", static_cast<std::uint32_t>(::getpid()), task->parent);
            compare("namespace", pair_.a.ns.inode(), task->netns);
        }
    }
}

// Children of a process that ignores SIGCHLD leave the table of processes as soon as they have
// ended, before anything runs that waits for their end.
TEST_F(Netlink, ParentOfProcessesReapedAtOnce) {
    using Children = std::array<pid_t, 10>;
    Genl listener;
    ASSERT_EQ(listener.listen(NETATOP_GENL_GROUP_EXIT), 0);
    Helper parent(pair_.a.ns, [this](Channel& test) {
        ::signal(SIGCHLD, SIG_IGN);
        Children children{};
        for (unsigned i = 0; i < children.size(); i++) {
            children[i] = ::fork();
            check(children[i], "fork");
            if (children[i] == 0) {
                send_to(udp_socket(Family::v4), pair_.b.at(Family::v4, 9), size, i + 1);
                ::_exit(0);
            }
        }
        while (::wait(nullptr) > 0)
            continue;
        test.send(children);
    });
    const auto tgid = static_cast<std::uint32_t>(parent.pid());
    const auto children = parent.receive<Children>();
    parent.join();
    std::map<std::uint32_t, unsigned> datagrams_of;
    for (unsigned i = 0; i < children.size(); i++)
        datagrams_of[static_cast<std::uint32_t>(children[i])] = i + 1;
    while (!datagrams_of.empty()) {
        const auto task = listener.heard();
        ASSERT_TRUE(task);
        const auto found = datagrams_of.find(task->tgid);
        if (found == datagrams_of.end())
            continue; // of another test
        compare("parent", tgid, task->parent);
        compare("counters", sent(found->second), task->counters);
        datagrams_of.erase(found);
    }
}

TEST_F(Netlink, ErrorsSayWhatIsWrong) {
    auto helpers = senders(1);
    const auto tgid = static_cast<std::uint32_t>(helpers[0].pid());
    Genl genl;
    const auto error_of = [&](const std::vector<GenlAttribute>& attributes, bool dump) {
        genl.tasks(attributes, dump);
        return genl.error();
    };
    compare("nothing named", EINVAL, error_of({}, false));
    compare("process and thread", EINVAL,
            error_of({GenlAttribute::number(NETATOP_A_TGID, tgid),
                      GenlAttribute::number(NETATOP_A_PID, tgid)},
                     false));
    compare("nobody", ESRCH, error_of(of_process(0x3fffff), false));
    compare("number 0", ERANGE, error_of(of_process(0), false));
    compare("an attribute of answers", EINVAL,
            error_of({GenlAttribute::number(NETATOP_A_UID, 1)}, true));
    compare("an unknown attribute", EINVAL, error_of({GenlAttribute::number(200, 1)}, true));
    compare("a short number", EINVAL, error_of({{NETATOP_A_TGID, {1, 2}}}, false));
    compare("a thread in a dump", EINVAL,
            error_of({GenlAttribute::number(NETATOP_A_PID, tgid)}, true));
    genl.ask(200, {}, false);
    std::vector<GenlTask> none;
    genl.next(none);
    compare("unknown command", EOPNOTSUPP, genl.error());
}

TEST_F(Netlink, OthersMayNotListen) {
    Helper stranger(nullptr, [&](Channel& test) {
        check(::setuid(nobody), "setuid");
        test.send(Genl().listen(NETATOP_GENL_GROUP_EXIT));
    });
    compare("a stranger listens", EPERM, stranger.receive<int>());
}

TEST_F(Netlink, DumpOfWhatHasChangedSince) {
    auto resting = senders(1);
    Helper busy(pair_.a.ns, [this](Channel& test) {
        const Fd socket = udp_socket(Family::v4);
        for (;;) {
            send_to(socket, pair_.b.at(Family::v4, 9), size);
            test.signal();
            test.wait();
        }
    });
    busy.wait();
    const auto changed = [&](std::uint64_t since, bool threads) {
        std::vector<GenlAttribute> filter{GenlAttribute::number64(NETATOP_A_SINCE, since)};
        if (threads)
            filter.push_back(GenlAttribute::flag(NETATOP_A_THREADS));
        auto found = by_tgid(Genl().tasks(filter, true));
        const auto has = [&](pid_t pid) { return !found[static_cast<std::uint32_t>(pid)].empty(); };
        return std::pair(has(resting[0].pid()), has(busy.pid()));
    };
    for (const bool threads : {false, true}) {
        compare("at first, both", true, changed(1, threads) == std::pair(true, true));
        auto before = boottime_ns();
        compare("nothing since", true, changed(before, threads) == std::pair(false, false));
        busy.step();
        compare("one sent", true, changed(before, threads) == std::pair(false, true));
        before = boottime_ns();
        compare("nothing since then", true, changed(before, threads) == std::pair(false, false));
    }
}

TEST_F(Netlink, RootOfAUserNamespaceHearsNothing) {
    Helper contained(nullptr, [](Channel& test) {
        check(::unshare(CLONE_NEWUSER | CLONE_NEWNET), "unshare");
        Genl genl;
        genl.listen(NETATOP_GENL_GROUP_EXIT);
        test.signal();
        test.wait();
        test.send(genl.waiting());
    });
    contained.wait();
    Genl genl;
    ASSERT_EQ(genl.listen(NETATOP_GENL_GROUP_EXIT), 0);
    auto helpers = senders(1);
    const auto pid = static_cast<std::uint32_t>(helpers[0].pid());
    helpers[0].signal();
    helpers[0].join();
    while (genl.heard()->tgid != pid) {
    }
    contained.signal();
    compare("messages", false, contained.receive<bool>());
}

TEST_F(Netlink, AnOpenDumpKeepsTheModule) {
    auto helpers = senders(300);
    {
        Genl genl;
        std::vector<GenlTask> some;
        genl.ask(NETATOP_CMD_GET_TASK, {}, true);
        ASSERT_TRUE(genl.next(some));
        EXPECT_NE(module::unload(), 0);
        EXPECT_TRUE(module::loaded());
    }
    EXPECT_TRUE(eventually([] { return module::unload() == 0; }));
    EXPECT_THROW(Genl(), std::system_error);
    module::require();
}
