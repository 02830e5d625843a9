// SPDX-License-Identifier: GPL-2.0-only
// What `netatop watch` prints of events, and what ends it.
#include "watch.h"

#include "fake_kernel.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>

namespace netatop::test {

namespace {

Bytes ended(std::uint32_t tgid, const char* name = "curl") {
    return generic(NETATOP_CMD_EXIT,
                   attribute(NETATOP_A_TGID, raw(tgid)) + text(NETATOP_A_COMM, name) +
                       attribute(NETATOP_A_END, raw(std::uint64_t{5})) + counters(1),
                   0);
}

class WatchTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(::pipe(ends_), 0);
        kernel.script({family()});
    }
    void TearDown() override {
        for (const int end : ends_)
            ::close(end);
    }
    Status run(const std::vector<Bytes>& datagrams) {
        const auto client = Client::open(kernel.connect());
        if (!client)
            return client.error();
        kernel.script(datagrams);
        auto ends = client->ends({End::Of::task, End::Of::cgroup, End::Of::socket});
        if (!ends)
            return ends.error();
        const auto interrupt = Interrupt::install();
        if (!interrupt)
            return interrupt.error();
        Output output(ends_[1], *interrupt);
        return watch(*ends, output, options, identities);
    }
    std::string printed() {
        std::string bytes(65536, '\0');
        const auto length = ::read(ends_[0], bytes.data(), bytes.size());
        bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
        return bytes;
    }

    FakeKernel kernel;
    WatchOptions options;
    Identities identities;
    int ends_[2] = {-1, -1};
};

} // namespace

TEST_F(WatchTest, OneLineForEach) {
    options.count = 2;
    ASSERT_TRUE(run({ended(7), ended(8, "a\033b"), ended(9)}));
    const auto text = printed();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
    EXPECT_EQ(text.rfind("ENDED ", 0), 0U) << text;
    EXPECT_NE(text.find("       8 -        a?b "), std::string::npos) << text;
    EXPECT_EQ(text.find('\033'), std::string::npos);
}

TEST_F(WatchTest, Objects) {
    options.count = 1;
    options.style.json = true;
    ASSERT_TRUE(run({ended(7)}));
    const auto text = printed();
    EXPECT_EQ(text.rfind("{\"event\":\"exit\",\"time\":", 0), 0U) << text;
    EXPECT_NE(text.find("\"pid\":7,\"parent\":null,\"name\":\"curl\","), std::string::npos) << text;
    EXPECT_NE(text.find("\"netns\":null,\"tcpsndpacks\":1,"), std::string::npos) << text;
}

TEST_F(WatchTest, Filter) {
    options.count = 1;
    options.filter.command = "ssh*";
    options.style.json = true;
    ASSERT_TRUE(run({ended(7), ended(8, "sshd")}));
    EXPECT_NE(printed().find("\"pid\":8,"), std::string::npos);
}

TEST_F(WatchTest, Cgroups) {
    options.count = 2;
    ASSERT_TRUE(run({cgroup_end(17, 5, 100, 200), ended(7)}));
    const auto text = printed();
    EXPECT_NE(text.find("       - -        (cgroup) "), std::string::npos) << text;
    EXPECT_NE(text.find(" #17\n"), std::string::npos) << text;
    EXPECT_NE(text.find("      7 "), std::string::npos) << text;
}

TEST_F(WatchTest, ObjectsOfCgroups) {
    options.count = 2;
    options.style.json = true;
    ASSERT_TRUE(run({cgroup_end(17, 5, 100, 200), cgroup_end(1, 0, 300)}));
    const auto text = printed();
    EXPECT_EQ(text.rfind("{\"event\":\"cgroup\",\"time\":", 0), 0U) << text;
    EXPECT_NE(text.find(",\"cgroup\":17,\"parent\":5,\"path\":null,\"unit\":null,"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("\"udprcvbytes\":107,\"lo_tcpsndpacks\":0,"), std::string::npos) << text;
    EXPECT_NE(text.find("\"lo_udprcvbytes\":0,\"ended_tcpsndpacks\":200,"), std::string::npos)
        << text;
    EXPECT_NE(text.find(",\"cgroup\":1,\"parent\":null,"), std::string::npos) << text;
}

TEST_F(WatchTest, Connections) {
    options.count = 2;
    ASSERT_TRUE(run({closed(99, 7, 100), closed(98, 0, 1)}));
    const auto text = printed();
    EXPECT_NE(text.find("       7 4000000  curl "), std::string::npos) << text;
    EXPECT_NE(text.find("       - -        (waiting) "), std::string::npos) << text;
    EXPECT_NE(text.find(" tcp 10.0.0.1:40000 10.0.0.2:443\n"), std::string::npos) << text;
}

TEST_F(WatchTest, ObjectsOfConnections) {
    options.count = 2;
    options.style.json = true;
    ASSERT_TRUE(run({closed(99, 7, 100), closed(98, 0, 1)}));
    const auto text = printed();
    EXPECT_EQ(text.rfind("{\"event\":\"close\",\"time\":", 0), 0U) << text;
    EXPECT_NE(text.find(",\"protocol\":\"tcp\",\"local\":\"10.0.0.1:40000\","
                        "\"remote\":\"10.0.0.2:443\",\"pid\":7,\"name\":\"curl\","),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("\"class\":null,\"cgroup\":42,"), std::string::npos) << text;
    EXPECT_NE(text.find("\"netns\":4026531840,\"cookie\":99,\"tcpsndpacks\":100,"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("\"pid\":null,\"name\":null,\"started\":null,\"uid\":null,"
                        "\"user\":null,\"class\":\"waiting\","),
              std::string::npos)
        << text;
}

// As the processes that own them.
TEST_F(WatchTest, FiltersOfConnections) {
    options.count = 1;
    options.filter.command = "ssh*";
    options.style.json = true;
    ASSERT_TRUE(run({closed(99, 7, 1), closed(98, 0, 1), closed(97, 8, 1, "sshd")}));
    EXPECT_NE(printed().find("\"cookie\":97,"), std::string::npos);
}

// A cgroup has no user and no name of a process; a unit it may have.
TEST_F(WatchTest, FiltersOfProcessesAndCgroups) {
    options.count = 1;
    options.filter.command = "*";
    options.style.json = true;
    ASSERT_TRUE(run({cgroup_end(17, 5, 100), ended(7)}));
    EXPECT_EQ(printed().rfind("{\"event\":\"exit\"", 0), 0U);
}

TEST_F(WatchTest, WhatCameBeforeAnErrorIsPrinted) {
    const auto done = run({ended(7), Bytes("short")});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().cause, Cause::version);
    EXPECT_NE(printed().find("      7 "), std::string::npos);
}

TEST_F(WatchTest, ASignalEndsIt) {
    const auto interrupt = Interrupt::install();
    ASSERT_TRUE(interrupt);
    ::raise(SIGTERM); // blocked until it waits
    EXPECT_TRUE(run({}));
    sigset_t left;
    sigemptyset(&left);
    sigaddset(&left, SIGTERM);
    const timespec none{};
    (void)::sigtimedwait(&left, nullptr, &none);
}

TEST_F(WatchTest, NobodyReads) {
    (void)std::signal(SIGPIPE, SIG_IGN);
    ::close(ends_[0]);
    ends_[0] = -1;
    EXPECT_TRUE(run({}));
}

TEST(Event, AnOverrunIsOne) {
    Identities identities;
    EXPECT_EQ(event_line(End{}, {true, false}, identities, 1500),
              "{\"event\":\"overrun\",\"time\":1.500}\n");
    EXPECT_NE(event_line(End{}, {}, identities, 1500).find(" events were lost: "),
              std::string::npos);
}

} // namespace netatop::test
