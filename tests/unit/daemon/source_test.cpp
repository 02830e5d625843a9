// SPDX-License-Identifier: GPL-2.0-only
#include "source.h"

#include "support.h"

#include <array>
#include <chrono>
#include <ctime>

namespace netatop::test {

TEST(Source, ModuleVersions) {
    for (const char* version : {"4.0.0", "4.1", "10.2.3", "", "unknown"})
        EXPECT_TRUE(supports_module(version)) << version;
    for (const char* version : {"3.2.2", "0.7", "2"})
        EXPECT_FALSE(supports_module(version)) << version;
}

TEST(Source, AbsentModule) {
    if (::access("/proc/netatop", F_OK) == 0)
        GTEST_SKIP() << "the module is loaded here";
    EXPECT_EQ(ModuleSource().probe().outcome, Taken::Outcome::absent);
}

// A process that ended two seconds ago, after five.
TEST(Source, LongForm) {
    timespec boot{};
    ::clock_gettime(CLOCK_BOOTTIME, &boot);
    const auto now = static_cast<std::uint64_t>(boot.tv_sec) * 1000000000U +
                     static_cast<std::uint64_t>(boot.tv_nsec);
    const netatop_exit ended{4711,
                             4700,
                             1000,
                             4026531840,
                             1763798400,
                             now - 7000000000,
                             now - 2000000000,
                             987,
                             "fifteen-letters",
                             {1, 2, 3, 4, 5, 6, 7, 8},
                             {9, 10, 11, 12, 13, 14, 15, 16}};
    const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
    const Taken got = taken(ended);
    EXPECT_EQ(got.outcome, Taken::Outcome::record);
    EXPECT_EQ(got.task.id, 4711);
    EXPECT_EQ(got.task.btime, 1763798400U);
    EXPECT_STREQ(got.task.command, "fifteen-letters");
    EXPECT_EQ(got.task.tcpsndpacks, 1U);
    EXPECT_EQ(got.task.tcpsndbytes, 2U);
    EXPECT_EQ(got.task.tcprcvpacks, 3U);
    EXPECT_EQ(got.task.tcprcvbytes, 4U);
    EXPECT_EQ(got.task.udpsndpacks, 5U);
    EXPECT_EQ(got.task.udpsndbytes, 6U);
    EXPECT_EQ(got.task.udprcvpacks, 7U);
    EXPECT_EQ(got.task.udprcvbytes, 8U);
    EXPECT_EQ(got.tail.known, 1U);
    EXPECT_EQ(got.tail.start, now - 7000000000);
    EXPECT_EQ(got.tail.end, now - 2000000000);
    EXPECT_NEAR(static_cast<double>(got.tail.exited), static_cast<double>(wall - 2000), 1000);
    EXPECT_EQ(got.tail.cgroup, 987U);
    EXPECT_EQ(got.tail.uid, 1000U);
    EXPECT_EQ(got.tail.parent, 4700U);
    EXPECT_EQ(got.tail.netns, 4026531840U);
    EXPECT_EQ(got.tail.loopback, (std::array<std::uint64_t, 8>{9, 10, 11, 12, 13, 14, 15, 16}));
}

} // namespace netatop::test
