// SPDX-License-Identifier: GPL-2.0-only
// The command `netatop watch`: each end is told, and where one is not, that is told too.
#include "lib/guest_test.h"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/command.h"
#include "lib/genl.h"
#include "lib/tool.h"
#include "lib/wait.h"
#include "uapi/netatop_netlink.h"

using namespace guest;

namespace {

constexpr std::size_t size = 20;
const std::string output = "/tmp/watch-output";

class Watch : public ToolTest<GuestTest> {
protected:
    void SetUp() override {
        ToolTest::SetUp();
        ::unlink(output.c_str());
    }
    // A shell, whose output is that of the test.
    static Helper shell(const std::string& command) {
        return {nullptr, [command](Channel&) {
                    const Fd file(
                        check(::open(output.c_str(), O_CREAT | O_APPEND | O_WRONLY, 0600), "open"));
                    ::dup2(file.get(), STDOUT_FILENO);
                    ::dup2(file.get(), STDERR_FILENO);
                    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
                    ::_exit(127);
                }};
    }
    static std::string said() { return ::access(output.c_str(), F_OK) ? "" : read_file(output); }
    static bool says(const std::string& words) {
        return eventually([&] { return said().find(words) != std::string::npos; });
    }
    // A process that sends so much and ends.
    pid_t brief(unsigned count) {
        Helper helper(pair_.a.ns, [this, count](Channel& test) {
            send_to(udp_socket(Family::v4), pair_.b.at(Family::v4, 9), size, count);
            test.signal();
            test.wait();
        });
        helper.wait();
        const auto pid = helper.pid();
        helper.signal();
        helper.join();
        return pid;
    }
    // Ends go by until the command has told of one: from then on it listens.
    void listening() {
        ASSERT_TRUE(eventually([&] {
            const auto pid = brief(1);
            return eventually([&] { return !of(pid).empty(); }, milliseconds(500));
        })) << said();
    }
    static std::vector<std::string> of(pid_t pid, const std::string& event = "exit") {
        std::vector<std::string> found;
        for (const auto& line : lines_in(said()))
            if (number_in(line, "pid") == pid &&
                line.rfind("{\"event\":\"" + event + "\",", 0) == 0)
                found.push_back(line);
        return found;
    }

    Pair& pair_ = standard_pair();
    Helper sink_ = sink(pair_.b.ns, pair_.b.at(Family::v4, 9));
};

} // namespace

TEST_F(Watch, EachEndAsItHappens) {
    sink_.wait();
    auto watch = shell("exec " + tool + " watch --json");
    listening();
    struct stat space {};
    check(::stat(pair_.a.ns.path().c_str(), &space), "stat");
    for (const unsigned count : {1U, 2U, 3U}) {
        const auto pid = brief(count);
        ASSERT_TRUE(eventually([&] { return !of(pid).empty(); })) << said();
        const auto lines = of(pid);
        compare("lines", std::size_t{1}, lines.size());
        compare("counters", udp_out(datagrams(Family::v4, count, size)), counters_in(lines[0]));
        compare("parent", static_cast<long long>(::getpid()), number_in(lines[0], "parent"));
        compare("namespace", static_cast<long long>(space.st_ino), number_in(lines[0], "netns"));
        EXPECT_GE(number_in(lines[0], "exited"), number_in(lines[0], "started"));
    }
    watch.kill(SIGINT);
    EXPECT_NO_THROW(watch.join()) << "a signal is no failure";
    EXPECT_EQ(said().find("overrun"), std::string::npos);
}

// Its process goes on living.
TEST_F(Watch, AConnectionThatCloses) {
    sink_.wait();
    auto watch = shell("exec " + tool + " watch --json --command 'netatop*'");
    listening();
    const auto here = pair_.b.at(Family::v4, 7000);
    Helper server(pair_.b.ns, [here](Channel& test) {
        const Fd listener = tcp_listener(here);
        test.signal();
        read_to_end(tcp_accept(listener));
    });
    server.wait();
    const auto before = pair_.a.carried();
    Helper client(pair_.a.ns, [here](Channel& test) {
        Fd connection = tcp_connected(here);
        test.send(Address::local_of(connection.get()).port());
        write_stream(connection, 1000);
        finish_writing(connection);
        read_to_end(connection);
        connection.close();
        test.wait();
    });
    const auto port = std::to_string(client.receive<std::uint16_t>());
    ASSERT_TRUE(eventually([&] { return !of(client.pid(), "close").empty(); })) << said();
    const auto lines = of(client.pid(), "close");
    compare("lines", std::size_t{1}, lines.size());
    compare("counters", tcp(pair_.a.carried() - before), counters_in(lines[0]));
    for (const auto& words :
         {"\"local\":\"10.0.0.1:" + port + "\"", std::string("\"remote\":\"10.0.0.2:7000\""),
          std::string("\"protocol\":\"tcp\"")})
        EXPECT_NE(lines[0].find(words), std::string::npos) << lines[0];
    watch.kill(SIGINT);
    EXPECT_NO_THROW(watch.join());
}

TEST_F(Watch, EventsOfOneKind) {
    sink_.wait();
    EXPECT_NE(status_of("watch --events exit,sleep").find("status 2"), std::string::npos);
    auto watch = shell("exec " + tool + " watch --json --events exit");
    listening();
    {
        const Address here("127.0.0.1", 7000);
        const Fd listener = tcp_listener(here);
        const Fd connection = tcp_connected(here);
        tcp_accept(listener);
    }
    std::this_thread::sleep_for(milliseconds(1500)); // it would be told by now
    const auto pid = brief(1);
    ASSERT_TRUE(eventually([&] { return !of(pid).empty(); })) << said();
    EXPECT_EQ(said().find("\"event\":\"close\""), std::string::npos) << said();
    watch.kill(SIGINT);
    EXPECT_NO_THROW(watch.join());
}

// With its path, which is not there any more.
TEST_F(Watch, ACgroupThatEnds) {
    const std::string cgroup = "/sys/fs/cgroup/watch-test";
    ::mkdir(cgroup.c_str(), 0755);
    if (::access((cgroup + "/cgroup.procs").c_str(), F_OK) != 0)
        GTEST_SKIP() << "no cgroup2 in this machine";
    struct stat status {};
    check(::stat(cgroup.c_str(), &status), "stat");
    sink_.wait();
    auto watch = shell("exec " + tool + " watch --json");
    listening();
    Helper helper(pair_.a.ns, [this](Channel& test) {
        test.wait();
        send_to(udp_socket(Family::v4), pair_.b.at(Family::v4, 9), size, 3);
        test.signal();
        test.wait();
    });
    write_file(cgroup + "/cgroup.procs", std::to_string(helper.pid()));
    helper.step();
    const auto pid = helper.pid();
    helper.signal();
    helper.join();
    ASSERT_TRUE(eventually([&] { return !of(pid).empty(); })) << said();
    ASSERT_TRUE(eventually([&] { return ::rmdir(cgroup.c_str()) == 0; }));
    const auto path = "\"path\":\"/watch-test\"";
    std::string line;
    EXPECT_TRUE(eventually([&] {
        for (const auto& one : lines_in(said()))
            if (one.rfind("{\"event\":\"cgroup\",", 0) == 0 && one.find(path) != std::string::npos)
                line = one;
        return !line.empty();
    })) << said();
    compare("number", static_cast<long long>(status.st_ino), number_in(line, "cgroup"));
    compare("counters", udp_out(datagrams(Family::v4, 3, size)), counters_in(line));
    watch.kill(SIGINT);
    EXPECT_NO_THROW(watch.join());
}

// It is stopped, and its memory small, while more ends than go in there.
TEST_F(Watch, WhatIsLostIsTold) {
    sink_.wait();
    auto watch = shell("exec " + tool + " watch --json --buffer 4K");
    listening();
    constexpr int many = 40;
    Genl own;
    ASSERT_EQ(own.listen(NETATOP_GENL_GROUP_EXIT), 0);
    watch.kill(SIGSTOP);
    std::vector<pid_t> ended;
    for (int i = 0; i < many; ++i) {
        ended.push_back(brief(1));
        std::optional<GenlTask> task;
        do
            task = own.heard();
        while (task && task->tgid != static_cast<std::uint32_t>(ended.back()));
        ASSERT_TRUE(task);
    }
    watch.kill(SIGCONT);
    EXPECT_TRUE(says("{\"event\":\"overrun\",\"time\":"));
    listening(); // goes on
    const auto told =
        std::count_if(ended.begin(), ended.end(), [](pid_t pid) { return !of(pid).empty(); });
    EXPECT_LT(told, many);
    watch.kill(SIGTERM);
    EXPECT_NO_THROW(watch.join());
}

TEST_F(Watch, NobodyReadsAnyMore) {
    sink_.wait();
    auto watch = shell(tool + " watch --json | head -n 1; echo \"status ${PIPESTATUS[0]}\"");
    ASSERT_TRUE(eventually([&] {
        brief(1);
        return said().find("status") != std::string::npos;
    }));
    EXPECT_NE(said().find("status 0"), std::string::npos) << said();
    watch.join();
}

TEST_F(Watch, SaysWhyItEnds) {
    sink_.wait();
    const auto other = status_of("watch", "nobody");
    EXPECT_NE(other.find("CAP_NET_ADMIN"), std::string::npos) << other;
    EXPECT_NE(other.find("status 4"), std::string::npos) << other;
    EXPECT_NE(status_of("watch --buffer x").find("status 2"), std::string::npos);
    auto watch = shell(tool + " watch -n 100; echo \"status $?\"");
    ASSERT_TRUE(says("ENDED"));
    ASSERT_TRUE(eventually([] { return module::unload() == 0; }));
    EXPECT_TRUE(says("status 8")) << said();
    EXPECT_NE(said().find("modprobe netatop"), std::string::npos) << said();
    watch.join();
    const auto without = status_of("watch");
    EXPECT_NE(without.find("status 8"), std::string::npos) << without;
    module::require();
}
