// SPDX-License-Identifier: GPL-2.0-only
// The parts of `netatop run`: the child, who belongs to it, and what is said of them.
#include "job.h"
#include "members.h"
#include "moved.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace netatop::test {

namespace {

class JobTest : public ::testing::Test {
protected:
    void SetUp() override {
        ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_);
        before_ = std::signal(SIGINT, SIG_DFL); // in the background it is ignored
    }
    void TearDown() override {
        (void)std::signal(SIGINT, before_);
        ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    }
    void unblock() const { ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr); }
    // Its status, unless it could not be started.
    static int run(const std::vector<std::string>& command, int signal = 0) {
        auto job = Job::prepare();
        if (!job || job->start(command, -1))
            return -1;
        if (signal != 0)
            ::kill(::getpid(), signal);
        while (!job->ended()) {
            pollfd event{job->fd(), POLLIN, 0};
            ::poll(&event, 1, -1);
            job->take_signals();
        }
        return job->status();
    }

private:
    sigset_t mask_{};
    void (*before_)(int) = SIG_DFL;
};

class DescendantsTest : public ::testing::Test {
protected:
    DescendantsTest() : proc_(std::filesystem::temp_directory_path() / "netatop-kin-XXXXXX") {
        if (::mkdtemp(proc_.data()) == nullptr)
            throw std::runtime_error("mkdtemp");
    }
    ~DescendantsTest() override { std::filesystem::remove_all(proc_); }
    void lives(std::uint32_t pid, std::uint32_t parent) const {
        const std::string directory = proc_ + "/" + std::to_string(pid);
        std::filesystem::create_directory(directory);
        std::ofstream(directory + "/stat") << pid << " (sh) S " << parent << " 1 1 0";
    }
    void ends(std::uint32_t pid) const {
        std::filesystem::remove_all(proc_ + "/" + std::to_string(pid));
    }
    static Task ended(std::uint32_t tgid, std::optional<std::uint32_t> parent) {
        Task task;
        task.tgid = tgid;
        task.parent = parent;
        return task;
    }

    std::string proc_;
};

Task moved_task(const char* name, std::uint64_t bytes) {
    Task task;
    task.name = name;
    task.counters.tcp_sent = {1, bytes};
    task.counters.udp_received = {2, 30};
    return task;
}

} // namespace

TEST_F(JobTest, StatusIsTheCommands) {
    EXPECT_EQ(run({"true"}), 0);
    EXPECT_EQ(run({"sh", "-c", "exit 7"}), 7);
    EXPECT_EQ(run({"sh", "-c", "kill -KILL $$"}), 128 + SIGKILL);
}

TEST_F(JobTest, SignalsOfOthersArePassedOn) {
    EXPECT_EQ(run({"sleep", "60"}, SIGTERM), 128 + SIGTERM);
    unblock(); // what a child inherits
    EXPECT_EQ(run({"sleep", "60"}, SIGINT), 128 + SIGINT);
}

// Whoever has daemons as children reaps them.
TEST_F(JobTest, OnlyTheCommandEndsIt) {
    const pid_t other = ::fork();
    if (other == 0)
        ::_exit(1);
    EXPECT_EQ(run({"sh", "-c", "sleep 0.2; exit 5"}), 5);
}

TEST_F(JobTest, WhyItCannotStart) {
    auto job = Job::prepare();
    ASSERT_TRUE(job);
    auto failure = job->start({"/nonexistent/command"}, -1);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, ENOENT);
    EXPECT_FALSE(failure->in_cgroup);
    failure = job->start({"/"}, -1);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, EACCES);
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    failure = job->start({"true"}, ends[0]); // which cannot be written
    ASSERT_TRUE(failure);
    EXPECT_TRUE(failure->in_cgroup);
    EXPECT_EQ(failure->code, EBADF);
    for (const int end : ends)
        ::close(end);
}

TEST_F(DescendantsTest, ByTheParentsThatLive) {
    lives(100, 50); // the one who runs the command
    lives(101, 100);
    lives(102, 101);
    lives(60, 50);
    lives(50, 1);
    Descendants descendants(100, proc_);
    EXPECT_EQ(descendants.has(102), true);
    EXPECT_EQ(descendants.has(60), false);
    EXPECT_EQ(descendants.had(ended(103, 102)), true);
    EXPECT_EQ(descendants.had(ended(104, 60)), false);
    EXPECT_EQ(descendants.had(ended(105, std::nullopt)), std::nullopt);
}

TEST_F(DescendantsTest, AParentThatHasEndedMeanwhile) {
    lives(100, 50);
    lives(102, 100);
    Descendants descendants(100, proc_);
    EXPECT_EQ(descendants.had(ended(102, 100)), true);
    ends(102);
    EXPECT_EQ(descendants.had(ended(103, 102)), true);
    EXPECT_EQ(descendants.had(ended(105, 104)), std::nullopt) << "nobody knows its parent";
    lives(102, 1); // the number is used again
    EXPECT_EQ(descendants.had(ended(106, 102)), false);
}

TEST(CgroupPath, OfAProcess) {
    EXPECT_EQ(Cgroups::path_in("12:cpu:/a\n0::/user.slice/session-1.scope\n"),
              "/user.slice/session-1.scope");
    EXPECT_EQ(Cgroups::path_in("0::/\n"), "/");
    EXPECT_EQ(Cgroups::path_in("0::/../outside\n"), "");
    EXPECT_EQ(Cgroups::path_in("12:cpu:/a\n"), "");
}

TEST(Moved, Tables) {
    MovedByJob moved;
    moved.command = "a\033b";
    moved.took_ms = 1290;
    EXPECT_EQ(text_of(moved, {}), "netatop: a?b: 1.2 s, no process with network traffic\n");
    moved.add(moved_task("curl", 1000), false);
    moved.add(moved_task("curl", 2000), true);
    moved.add(moved_task("wget", 9000), false);
    moved.unclear = 1;
    moved.complete = false;
    EXPECT_EQ(text_of(moved, {}),
              "netatop: a?b: 1.2 s, 3 processes with network traffic, 1 still running\n"
              "netatop: something was lost: it moved more than this\n"
              "netatop: 1 process that ended is left out, of which nothing tells who started it\n"
              "NAME    PROCESSES  SENT RECEIVED SNDPKT RCVPKT\n"
              "wget            1  8.8K       30      1      2\n"
              "curl            2  2.9K       60      2      4\n"
              "all TCP         - 11.7K        0      3      0\n"
              "all UDP         -     0       90      0      6\n");
}

TEST(Moved, Objects) {
    MovedByJob moved;
    moved.command = "curl";
    moved.status = 3;
    moved.took_ms = 1290;
    moved.add(moved_task("curl", 1000), true);
    const std::string counters = "\"processes\":1,\"running\":1,\"tcpsndpacks\":1,"
                                 "\"tcpsndbytes\":1000,\"tcprcvpacks\":0,\"tcprcvbytes\":0,"
                                 "\"udpsndpacks\":0,\"udpsndbytes\":0,\"udprcvpacks\":2,"
                                 "\"udprcvbytes\":30,\"lo_tcpsndpacks\":0,"
                                 "\"lo_tcpsndbytes\":0,\"lo_tcprcvpacks\":0,\"lo_tcprcvbytes\":0,"
                                 "\"lo_udpsndpacks\":0,\"lo_udpsndbytes\":0,\"lo_udprcvpacks\":0,"
                                 "\"lo_udprcvbytes\":0}\n";
    EXPECT_EQ(text_of(moved, {true, false}),
              "{\"of\":\"program\",\"name\":\"curl\"," + counters +
                  "{\"of\":\"all\",\"command\":\"curl\",\"status\":3,\"took\":1.290,"
                  "\"complete\":true,\"unclear\":0," +
                  counters);
}

} // namespace netatop::test
