// SPDX-License-Identifier: GPL-2.0-only
// The command `netatop list`, run as a person or a script runs it, against what the module counted.
#include "lib/guest_test.h"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "lib/command.h"
#include "lib/tool.h"
#include "lib/wait.h"

using namespace guest;

namespace {

constexpr std::size_t size = 20;

class List : public ToolTest<GuestTest> {
protected:
    void SetUp() override {
        ToolTest::SetUp();
        sink_.wait();
    }
    Helper sender(unsigned count) {
        Helper helper(pair_.a.ns, [this, count](Channel& test) {
            send_to(udp_socket(Family::v4), pair_.b.at(Family::v4, 9), size, count);
            test.signal();
            test.wait();
        });
        helper.wait();
        return helper;
    }
    static Counters sent(unsigned count) { return udp_out(datagrams(Family::v4, count, size)); }

    // A cgroup like that of a unit of systemd, in a slice in which no other was; false without
    // cgroups.
    bool make_unit(const std::string& slice) {
        slice_ = "/sys/fs/cgroup/" + slice;
        unit_ = slice_ + "/list-test.service";
        ::mkdir(slice_.c_str(), 0755);
        ::mkdir(unit_.c_str(), 0755);
        return ::access((unit_ + "/cgroup.procs").c_str(), F_OK) == 0;
    }
    bool remove_unit() const {
        return eventually([this] { return ::rmdir(unit_.c_str()) == 0; });
    }
    static long long inode(const std::string& path) {
        struct stat status {};
        check(::stat(path.c_str(), &status), "stat");
        return static_cast<long long>(status.st_ino);
    }
    // Packets that cgroups had sent by UDP which ended below this one.
    static long long below(long long cgroup) {
        for (const auto& line : listed({"cgroups", "--json"}))
            if (number_in(line, "cgroup") == cgroup)
                return number_in(line, "ended_udpsndpacks");
        return 0;
    }
    // One that is in the unit before it sends.
    Helper sender_in_unit(unsigned count) {
        Helper helper(pair_.a.ns, [this, count](Channel& test) {
            test.wait();
            send_to(udp_socket(Family::v4), pair_.b.at(Family::v4, 9), size, count);
            test.signal();
            test.wait();
        });
        write_file(unit_ + "/cgroup.procs", std::to_string(helper.pid()));
        helper.step();
        return helper;
    }
    static void end(Helper& helper) {
        helper.signal();
        helper.join();
    }

    Pair& pair_ = standard_pair();
    Helper sink_ = sink(pair_.b.ns, pair_.b.at(Family::v4, 9));
    std::string slice_;
    std::string unit_;
};

} // namespace

TEST_F(List, OneProcess) {
    const auto helper = sender(3);
    const auto lines = listed({"--json", "--pid", std::to_string(helper.pid())});
    ASSERT_EQ(lines.size(), 1U);
    compare("process", static_cast<long long>(helper.pid()), number_in(lines[0], "pid"));
    compare("user", 0LL, number_in(lines[0], "uid"));
    compare("counters", sent(3), counters_in(lines[0]));
    EXPECT_NE(lines[0].find("\"user\":\"root\""), std::string::npos) << lines[0];
    EXPECT_NE(lines[0].find("\"exited\":null"), std::string::npos) << lines[0];
    const auto age = ::time(nullptr) - number_in(lines[0], "started");
    EXPECT_TRUE(age >= 0 && age < 60) << lines[0];
}

TEST_F(List, TableAndCsv) {
    const auto helper = sender(3);
    const auto pid = std::to_string(helper.pid());
    const auto table = listed({"--bytes", "--pid=" + pid});
    ASSERT_EQ(table.size(), 2U);
    EXPECT_NE(table[0].find("PID USER"), std::string::npos) << table[0];
    std::istringstream row(table[1]);
    std::vector<std::string> words;
    for (std::string word; row >> word;)
        words.push_back(word);
    ASSERT_GE(words.size(), 8U) << table[1];
    compare("process", pid, words[0]);
    compare("bytes sent", std::to_string(sent(3).udp.out.bytes), words[words.size() - 4]);
    compare("packets sent", std::string("3"), words[words.size() - 2]);
    const auto csv = listed({"--csv", "--pid", pid});
    ASSERT_EQ(csv.size(), 2U);
    compare("fields", std::count(csv[0].begin(), csv[0].end(), ','),
            std::count(csv[1].begin(), csv[1].end(), ','));
}

TEST_F(List, MostFirstAndNoMoreThanAskedFor) {
    std::vector<Helper> helpers;
    for (const unsigned count : {10U, 30U, 20U})
        helpers.push_back(sender(count));
    const auto lines = listed({"--json", "--sort", "sent", "--top", "2", "--min-bytes",
                               std::to_string(sent(11).udp.out.bytes)});
    ASSERT_EQ(lines.size(), 2U);
    compare("first", static_cast<long long>(helpers[1].pid()), number_in(lines[0], "pid"));
    compare("second", static_cast<long long>(helpers[2].pid()), number_in(lines[1], "pid"));
}

TEST_F(List, ThreadsOfAProcess) {
    Helper process(pair_.a.ns, [this](Channel& test) {
        std::thread other([this] {
            send_to(udp_socket(Family::v4), pair_.b.at(Family::v4, 9), size, 5);
            ::pause();
        });
        send_to(udp_socket(Family::v4), pair_.b.at(Family::v4, 9), size, 2);
        test.signal();
        test.wait();
        ::_exit(0);
    });
    process.wait();
    ASSERT_TRUE(eventually([&] {
        return listed({"threads", "--json", "--pid", std::to_string(process.pid())}).size() == 2;
    }));
    Counters sum;
    for (const auto& line : listed({"threads", "--json", "--pid", std::to_string(process.pid())})) {
        compare("process", static_cast<long long>(process.pid()), number_in(line, "pid"));
        const bool leader = number_in(line, "tid") == process.pid();
        compare(leader ? "leader" : "other thread", sent(leader ? 2 : 5), counters_in(line));
    }
}

TEST_F(List, UnitOfACgroup) {
    if (!make_unit("system.slice"))
        GTEST_SKIP() << "no cgroup2 in this machine";
    auto first = sender_in_unit(1);
    auto second = sender_in_unit(2);
    const auto lines = listed({"units", "--json", "--unit", "list-*.service"});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_NE(lines[0].find("\"unit\":\"list-test.service\",\"slice\":\"system.slice\""),
              std::string::npos)
        << lines[0];
    compare("processes", 2LL, number_in(lines[0], "processes"));
    compare("counters", sent(3), counters_in(lines[0]));
    end(first);
    end(second);
    EXPECT_TRUE(remove_unit());
}

// What its processes carried is the unit's when they are no more, and then its slice's.
TEST_F(List, AUnitKeepsWhatItsProcessesCarried) {
    if (!make_unit("list-kept.slice"))
        GTEST_SKIP() << "no cgroup2 in this machine";
    const auto id = inode(unit_);
    const auto parent = inode(slice_);
    auto brief = sender_in_unit(3);
    auto other = sender_in_unit(4);
    end(brief);
    const auto units = listed({"units", "--json", "--unit", "list-*.service"});
    ASSERT_EQ(units.size(), 1U);
    compare("unit", sent(7), counters_in(units[0]));
    compare("processes", 1LL, number_in(units[0], "processes"));
    const auto cgroups = listed({"cgroups", "--json", "--unit", "list-*.service"});
    ASSERT_EQ(cgroups.size(), 1U);
    compare("number", id, number_in(cgroups[0], "cgroup"));
    compare("parent", parent, number_in(cgroups[0], "parent"));
    compare("cgroup", sent(7), counters_in(cgroups[0]));
    EXPECT_NE(
        cgroups[0].find("\"path\":\"/list-kept.slice/list-test.service\",\"unit\":\"list-test."),
        std::string::npos)
        << cgroups[0];
    // Of processes of a user there are only those that live.
    const auto of_root = listed({"units", "--json", "--unit", "list-*.service", "--user", "root"});
    ASSERT_EQ(of_root.size(), 1U);
    compare("living", sent(4), counters_in(of_root[0]));
    end(other);
    compare("none lives", sent(7),
            counters_in(listed({"units", "--json", "--unit", "list-*.service"}).at(0)));
    ASSERT_TRUE(remove_unit());
    EXPECT_TRUE(eventually([&] { return below(parent) == 7; })) << below(parent);
    EXPECT_TRUE(listed({"cgroups", "--json", "--unit", "list-*.service"}).empty());
    ::rmdir(slice_.c_str());
}

TEST_F(List, CgroupsInAnInterval) {
    if (!make_unit("list-rates.slice"))
        GTEST_SKIP() << "no cgroup2 in this machine";
    const std::string output = "/tmp/list-cgroups";
    auto old = sender_in_unit(9); // before the first sample
    Helper ticker(pair_.a.ns, [this](Channel& test) {
        const Fd socket = udp_socket(Family::v4);
        test.signal();
        test.wait();
        send_to(socket, pair_.b.at(Family::v4, 9), size, 5);
        test.signal();
        test.wait();
    });
    ticker.wait();
    write_file(unit_ + "/cgroup.procs", std::to_string(ticker.pid()));
    Helper list(nullptr, [&](Channel&) {
        const Fd file(check(::open(output.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600), "open"));
        ::dup2(file.get(), STDOUT_FILENO);
        ::execl(tool.c_str(), "netatop", "list", "cgroups", "--json", "-d", "0.5", nullptr);
    });
    const auto total = [&] {
        Counters sum;
        if (::access(output.c_str(), F_OK) == 0)
            for (const auto& line : lines_in(read_file(output)))
                if (line.find("list-test.service") != std::string::npos)
                    sum = sum + counters_in(line);
        return sum;
    };
    // It has looked once when it tells of another.
    ASSERT_TRUE(eventually([&] {
        auto another = sender(1);
        end(another);
        return ::access(output.c_str(), F_OK) == 0 && !read_file(output).empty();
    }));
    ticker.step();
    ASSERT_TRUE(eventually([&] { return total().udp.out.packets >= 5; })) << read_file(output);
    compare("in all intervals", sent(5), total());
    end(old);
    end(ticker);
    ASSERT_TRUE(remove_unit());
    ASSERT_TRUE(eventually([&] { return below(inode(slice_)) == 14; }));
    std::this_thread::sleep_for(milliseconds(1500)); // for a sample after that
    list.kill(SIGINT);
    list.join();
    compare("the end is no leap", sent(5), total());
    for (const auto& line : lines_in(read_file(output)))
        if (line.find("\"path\":\"/list-rates.slice\"") != std::string::npos)
            compare("slice", 0LL, number_in(line, "ended_udpsndpacks"));
    ::rmdir(slice_.c_str());
}

TEST_F(List, TreeHasWhatIsBelow) {
    Helper parent(pair_.a.ns, [this](Channel& test) {
        Helper child(nullptr, [this](Channel& inner) {
            send_to(udp_socket(Family::v4), pair_.b.at(Family::v4, 9), size, 4);
            inner.signal();
            inner.wait();
        });
        child.wait();
        send_to(udp_socket(Family::v4), pair_.b.at(Family::v4, 9), size, 1);
        test.send(child.pid());
        test.wait();
    });
    const auto child = parent.receive<pid_t>();
    int seen = 0;
    for (const auto& line : listed({"trees", "--json"})) {
        const auto pid = number_in(line, "pid");
        if (pid != parent.pid() && pid != child)
            continue;
        compare(pid == child ? "child" : "parent", sent(pid == child ? 4 : 5), counters_in(line));
        ++seen;
    }
    compare("lines", 2, seen);
}

// Until interrupted, which is no failure.
TEST_F(List, IntervalsHaveThoseThatEnd) {
    const std::string output = "/tmp/list-output";
    auto old = sender(7); // before the first sample: only what follows counts
    Helper ticker(pair_.a.ns, [this](Channel& test) {
        const Fd socket = udp_socket(Family::v4);
        for (; !test.ready(1); std::this_thread::sleep_for(milliseconds(50)))
            send_to(socket, pair_.b.at(Family::v4, 9), size, 1);
    });
    Helper list(nullptr, [&](Channel&) {
        const Fd file(check(::open(output.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600), "open"));
        ::dup2(file.get(), STDOUT_FILENO);
        ::execl(tool.c_str(), "netatop", "list", "--json", "-d", "0.5", nullptr);
    });
    const auto ticks = "\"pid\":" + std::to_string(ticker.pid()) + ",";
    ASSERT_TRUE(eventually([&] {
        return ::access(output.c_str(), F_OK) == 0 &&
               read_file(output).find(ticks) != std::string::npos;
    }));
    const auto lines_of = [&](pid_t pid) {
        std::vector<std::string> found;
        for (const auto& line : lines_in(read_file(output)))
            if (number_in(line, "pid") == pid)
                found.push_back(line);
        return found;
    };
    // One that a sample finds alive has moved nothing since then when it ends.
    bool ended = false;
    for (int i = 0; i < 10 && !ended; ++i) {
        auto brief = sender(3);
        const auto pid = brief.pid();
        brief.signal();
        brief.join();
        ASSERT_TRUE(eventually([&] { return !lines_of(pid).empty(); })) << read_file(output);
        const auto lines = lines_of(pid);
        ASSERT_EQ(lines.size(), 1U) << lines[1];
        compare("counters", sent(3), counters_in(lines[0]));
        ended = number_in(lines[0], "exited") > 0;
    }
    EXPECT_TRUE(ended) << read_file(output);
    list.kill(SIGINT);
    list.join();
    ticker.signal();
    ticker.join();
    for (const auto& line : lines_in(read_file(output)))
        EXPECT_NE(number_in(line, "pid"), old.pid()) << line;
}

TEST_F(List, ClassesAndProcessesAreAll) {
    const auto helper = sender(3);
    long long sum = 0;
    for (const auto& line : listed({"classes", "--json"}))
        sum += number_in(line, "udpsndpacks");
    EXPECT_GE(sum, 3);
    compare("UDP packets sent", static_cast<long long>(module::counters("total").udp.out.packets),
            sum);
}

// Who is not root sees what is his, and is told that there is more.
TEST_F(List, APersonSeesHisOwn) {
    constexpr uid_t nobody = 65534;
    const auto roots = sender(3);
    Helper own(pair_.a.ns, [this](Channel& test) {
        const Fd socket = udp_socket(Family::v4);
        check(::setgroups(0, nullptr), "setgroups");
        check(::setresgid(nobody, nobody, nobody), "setresgid");
        check(::setresuid(nobody, nobody, nobody), "setresuid");
        check(::prctl(PR_SET_DUMPABLE, 1), "prctl");
        send_to(socket, pair_.b.at(Family::v4, 9), size, 2);
        test.signal();
        test.wait();
    });
    own.wait();
    const auto said = lines_in(status_of("list --json", "nobody"));
    ASSERT_EQ(said.size(), 3U) << said[0];
    EXPECT_NE(said[0].find("CAP_NET_ADMIN"), std::string::npos) << said[0];
    compare("process", static_cast<long long>(own.pid()), number_in(said[1], "pid"));
    compare("counters", sent(2), counters_in(said[1]));
    compare("status", std::string("status 0"), said[2]);
    EXPECT_EQ(status_of("list --json").find("CAP_NET_ADMIN"), std::string::npos);
    const auto units = lines_in(status_of("list units --json", "nobody"));
    ASSERT_EQ(units.size(), 3U) << units[0];
    compare("of units", sent(2), counters_in(units[1]));
    const auto cgroups = status_of("list cgroups", "nobody");
    EXPECT_NE(cgroups.find("CAP_NET_ADMIN"), std::string::npos) << cgroups;
    EXPECT_NE(cgroups.find("status 4"), std::string::npos) << cgroups;
}

TEST_F(List, StatusSaysWhatIsWrong) {
    for (const char* wrong : {"list nothing", "list --sort x", "list --pid 0", "list -d 0", "lst",
                              "", "list --json --csv", "list classes --pid 1",
                              "list cgroups --user root", "list --user nobody-of-that-name"}) {
        const auto said = status_of(wrong);
        EXPECT_NE(said.find("status 2"), std::string::npos) << wrong << ": " << said;
    }
    EXPECT_NE(status_of("list >/dev/full").find("status 1"), std::string::npos);
    ASSERT_TRUE(eventually([] { return module::unload() == 0; }));
    for (const char* kind : {"list", "list classes", "list cgroups", "list units"}) {
        const auto said = status_of(kind);
        EXPECT_NE(said.find("modprobe netatop"), std::string::npos) << said;
        EXPECT_NE(said.find("status 8"), std::string::npos) << said;
    }
    module::require();
}
