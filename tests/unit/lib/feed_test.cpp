// SPDX-License-Identifier: GPL-2.0-only
// Samples of the live view: lines of all that is there, classes, and sums beside them.
#include "feed.h"

#include "fake_kernel.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace netatop::test {

namespace {

namespace fs = std::filesystem;

Bytes process(std::uint32_t tgid, std::uint64_t first) {
    return generic(NETATOP_CMD_TASK, attribute(NETATOP_A_TGID, raw(tgid)) +
                                         text(NETATOP_A_COMM, "curl") + counters(first));
}

Bytes ended(std::uint32_t tgid, std::uint64_t first) {
    return generic(NETATOP_CMD_EXIT,
                   attribute(NETATOP_A_TGID, raw(tgid)) + text(NETATOP_A_COMM, "wget") +
                       attribute(NETATOP_A_END, raw(std::uint64_t{5})) + counters(first),
                   0);
}

// All of the eight counters of process(…, first) and so on.
Counters all_of(std::uint64_t first) {
    return {
        {first, first + 1}, {first + 2, first + 3}, {first + 4, first + 5}, {first + 6, first + 7}};
}

class FeedTest : public ::testing::Test {
protected:
    FeedTest() {
        source.connect = kernel.connect();
        source.classes = ::testing::TempDir() + "/feed-classes";
        source.devices = ::testing::TempDir() + "/feed-devices";
        source.proc = ::testing::TempDir() + "/feed-proc";
        source.all = false;
        fs::remove_all(source.proc);
        devices(1000, 100);
        kernel.script({family()});
        kernel.script({});
    }
    // So many packets of a byte each of TCP sent, and nothing else.
    void classes(std::uint64_t total, std::uint64_t exited, std::uint64_t of_kernel) const {
        std::ofstream out(source.classes);
        const auto line = [&](const char* name, std::uint64_t bytes) {
            out << name << ": " << bytes << ' ' << bytes << " 0 0 0 0 0 0\n";
        };
        line("total", total);
        line("exited", exited);
        line("kernel", of_kernel);
        for (const char* name : {"waiting", "nosocket", "gone", "overflow"})
            line(name, 0);
    }
    void devices(std::uint64_t received, std::uint64_t sent) const {
        std::ofstream(source.devices)
            << "Inter-|   Receive  |  Transmit\n face |bytes\n"
            << "    lo: " << received << " 10 0 0 0 0 0 0 " << sent << " 3 0 0 0 0 0 0\n";
    }
    // A process in the network namespace that this name stands for, whose eth0 has received so
    // much.
    void place(const std::string& pid, const std::string& netns, std::uint64_t received) const {
        const std::string process = source.proc + '/' + pid;
        fs::create_directories(process + "/ns");
        fs::create_directories(process + "/net");
        std::ofstream(source.proc + '/' + netns, std::ios::app);
        fs::remove(process + "/ns/net");
        fs::create_hard_link(source.proc + '/' + netns, process + "/ns/net");
        std::ofstream(process + "/net/dev") << "eth0: " << received << " 1 0 0 0 0 0 0 0 0 0 0\n";
    }
    static const Line* line_of(const Sample& sample, const std::string& shown) {
        for (const auto& line : sample.lines)
            if (line.shown == shown)
                return &line;
        return nullptr;
    }

    FakeKernel kernel;
    FeedSource source;
};

} // namespace

TEST_F(FeedTest, TheFirstSampleHasTotalsAlone) {
    classes(500, 30, 20);
    Feed feed(source);
    kernel.script({process(1, 10) + process(2, 20) + done()});
    const auto sample = feed.take(Kind::processes);
    ASSERT_TRUE(sample) << sample.error().text;
    EXPECT_EQ(sample->interval_ms, 0);
    EXPECT_FALSE(sample->devices);
    ASSERT_EQ(sample->lines.size(), 4U) << "two processes, exited, kernel";
    EXPECT_EQ(sample->lines[0].total, all_of(10));
    EXPECT_FALSE(sample->lines[0].counters.any());
    ASSERT_NE(line_of(*sample, "(exited)"), nullptr);
    EXPECT_TRUE(is_class(*line_of(*sample, "(exited)")));
    EXPECT_FALSE(is_class(sample->lines[0]));
    EXPECT_EQ(sample->total.sent().bytes, 500U);
}

TEST_F(FeedTest, ClassesHaveTheirPartOfLoopback) {
    classes(500, 30, 20);
    std::ofstream(source.classes, std::ios::app)
        << "loopback total: 40 41 0 0 0 0 0 0\nloopback kernel: 7 8 0 0 0 0 0 0\n"
           "loopback of something else: 1\n";
    const auto found = ::netatop::classes(source.classes);
    ASSERT_TRUE(found) << found.error().text;
    for (const auto& [name, counters] : *found) {
        if (name == "kernel") {
            EXPECT_EQ(counters.loopback_tcp_sent, (Flow{7, 8}));
            EXPECT_EQ(counters.tcp_sent, (Flow{20, 20}));
        } else if (name == "processes") {
            EXPECT_EQ(counters.loopback_tcp_sent, (Flow{33, 33}));
            EXPECT_EQ(counters.tcp_sent, (Flow{450, 450}));
        } else {
            EXPECT_EQ(counters.loopback_tcp_sent, Flow{}) << name;
        }
    }
}

TEST_F(FeedTest, TheLoopbackInterfaceIsToldApart) {
    classes(500, 0, 0);
    Feed feed(source);
    kernel.script({process(1, 10) + done()});
    ASSERT_TRUE(feed.take(Kind::processes));
    std::ofstream(source.devices) << "Inter-|   Receive  |  Transmit\n face |bytes\n"
                                     "    lo: 1500 12 0 0 0 0 0 0 400 5 0 0 0 0 0 0\n"
                                     "  eth0: 70 1 0 0 0 0 0 0 80 1 0 0 0 0 0 0\n";
    kernel.script({process(1, 10) + done()});
    const auto sample = feed.take(Kind::processes);
    ASSERT_TRUE(sample && sample->devices);
    EXPECT_EQ(sample->devices->received, (Flow{3, 570}));
    EXPECT_EQ(sample->loopback.received, (Flow{2, 500}));
    EXPECT_EQ(sample->loopback.sent, (Flow{2, 300}));
}

// Each once, from the second look on, as long as one of the processes is there.
TEST_F(FeedTest, InterfacesOfAllNamespacesWhereProcessesAre) {
    classes(500, 0, 0);
    place("self", "here", 0);
    place("1", "here", 5000);
    place("2", "container", 1000);
    place("3", "container", 1000);
    Feed feed(source);
    const auto processes = process(1, 10) + process(2, 10) + process(3, 10) + done();
    const auto received = [&] {
        kernel.script({processes});
        const auto sample = feed.take(Kind::processes);
        return sample && sample->devices ? sample->devices->received.bytes : 0;
    };
    EXPECT_EQ(received(), 0U);
    place("2", "container", 1500);
    place("3", "container", 1500);
    devices(1070, 100);
    EXPECT_EQ(received(), 570U);
    fs::remove_all(source.proc + "/2");
    place("3", "container", 1600);
    EXPECT_EQ(received(), 100U);
    fs::remove_all(source.proc + "/3");
    devices(1075, 100);
    EXPECT_EQ(received(), 5U);
}

TEST_F(FeedTest, IntervalsHaveWhoIsIdleAndWhoEnded) {
    classes(500, 30, 20);
    Feed feed(source);
    kernel.script({process(1, 10) + process(2, 20) + done()});
    ASSERT_TRUE(feed.take(Kind::processes));
    kernel.say(1, ended(2, 24));
    classes(600, 30 + 25, 27); // the record of the one that ended is in `exited`
    devices(1700, 150);
    kernel.script({process(1, 10) + done()});
    const auto sample = feed.take(Kind::processes);
    ASSERT_TRUE(sample) << sample.error().text;
    EXPECT_GT(sample->interval_ms, 0);
    EXPECT_EQ(sample->moved.sent().bytes, 100U);
    ASSERT_TRUE(sample->devices);
    EXPECT_EQ(sample->devices->received.bytes, 700U);
    EXPECT_EQ(sample->devices->sent.bytes, 50U);
    ASSERT_NE(line_of(*sample, "curl"), nullptr) << "it carried nothing, and is there";
    EXPECT_FALSE(line_of(*sample, "curl")->counters.any());
    const auto* gone = line_of(*sample, "<wget>");
    ASSERT_NE(gone, nullptr);
    EXPECT_EQ(gone->counters, all_of(24) - all_of(20));
    EXPECT_EQ(gone->total, all_of(24));
    const auto* exited = line_of(*sample, "(exited)");
    ASSERT_NE(exited, nullptr);
    EXPECT_EQ(exited->total.sent().bytes, 30U) << "without what has its own line";
    EXPECT_FALSE(exited->counters.any());
    EXPECT_EQ(line_of(*sample, "(kernel)")->counters.sent().bytes, 7U);
    kernel.script({process(1, 11) + done()});
    const auto next = feed.take(Kind::processes);
    ASSERT_TRUE(next);
    EXPECT_EQ(line_of(*next, "<wget>"), nullptr) << "one interval";
}

TEST_F(FeedTest, OtherKindsOfTheSameSample) {
    classes(500, 0, 0);
    Feed feed(source);
    kernel.script({process(1, 10) + process(2, 20) + done()});
    ASSERT_TRUE(feed.take(Kind::processes));
    const auto units = feed.show(Kind::units); // and no more is asked
    ASSERT_TRUE(units) << units.error().text;
    ASSERT_EQ(units->lines.size(), 1U);
    EXPECT_EQ(units->lines[0].total.tcp_sent.packets, 30U);
    for (const auto kind : {Kind::containers, Kind::trees}) {
        const auto sample = feed.show(kind);
        ASSERT_TRUE(sample);
        for (const auto& line : sample->lines)
            EXPECT_EQ(line.who.size(), columns_of(kind).size());
    }
}

// All cgroups and what is in none are all that was counted, in the interval too.
TEST_F(FeedTest, UnitsAreWhatTheirCgroupsCarried) {
    FakeKernel cgroups;
    source.connect = cgroups.connect();
    source.all = true;
    constexpr std::uint64_t first = std::uint64_t{1} << 40U; // of no cgroup here
    const auto total = [](std::uint64_t all, std::uint64_t of_kernel, std::uint32_t sequence) {
        return generic(NETATOP_CMD_TOTAL,
                       counters(all) + nest(NETATOP_A_KERNEL, counters(of_kernel)), sequence);
    };
    cgroups.script({family()}); // of the sampler of cgroups
    cgroups.script({});
    cgroups.script({family(), total(1000, 100, 2), total(1500, 160, 3)});
    cgroups.script({family()}); // and of tasks
    cgroups.script({});
    cgroups.script({cgroup(first, 0, 900) + done()});
    cgroups.script({process(1, 10) + done()});
    Feed feed(source);
    const auto before = feed.take(Kind::units);
    ASSERT_TRUE(before) << before.error().text;
    ASSERT_EQ(before->lines.size(), 2U);
    EXPECT_EQ(before->lines[0].total.tcp_sent.packets, 900U) << "though its process has 10";
    EXPECT_EQ(before->lines[1].shown, "(kernel)");
    EXPECT_EQ(before->total.tcp_sent.packets, 1000U);

    cgroups.script({cgroup(first, 0, 1240) + cgroup(first + 1, first, 100) + done()});
    cgroups.script({process(1, 10) + done()});
    const auto sample = feed.take(Kind::units);
    ASSERT_TRUE(sample) << sample.error().text;
    EXPECT_EQ(sample->moved.tcp_sent.packets, 500U);
    std::uint64_t moved = 0;
    for (const auto& line : sample->lines)
        moved += line.counters.tcp_sent.packets;
    EXPECT_EQ(moved, 500U);
    EXPECT_EQ(line_of(*sample, "(kernel)")->counters.tcp_sent.packets, 60U);
    for (const auto kind : {Kind::unit_trees, Kind::containers}) {
        const auto other = feed.show(kind); // and no more is asked
        ASSERT_TRUE(other) << other.error().text;
        for (const auto& line : other->lines)
            EXPECT_EQ(line.who.size(), columns_of(kind).size());
    }
}

TEST_F(FeedTest, AfterAnErrorItBeginsAgain) {
    classes(500, 0, 0);
    Feed feed(source);
    kernel.script({process(1, 10) + done()});
    ASSERT_TRUE(feed.take(Kind::processes));
    const auto failed = feed.take(Kind::processes); // no script
    EXPECT_FALSE(failed);
    kernel.script({family()});
    kernel.script({});
    kernel.script({process(1, 30) + done()});
    const auto sample = feed.take(Kind::processes);
    ASSERT_TRUE(sample) << sample.error().text;
    EXPECT_EQ(sample->interval_ms, 0);
    EXPECT_FALSE(sample->lines[0].counters.any());
}

TEST(DevicesTest, NamesAndNumbers) {
    std::istringstream text("Inter-|   Receive\n face |bytes    packets\n"
                            "    lo: 10 1 0 0 0 0 0 0 20 2 0 0 0 0 0 0\n"
                            "eth0:1:30 3 0 0 0 0 0 0 40 4 0 0 0 0 0 0\n"
                            "broken: 1 2\n\n");
    const auto devices = parse_devices(text);
    ASSERT_EQ(devices.size(), 2U);
    EXPECT_EQ(devices.at("lo").received, (Flow{1, 10}));
    EXPECT_EQ(devices.at("eth0:1").sent, (Flow{4, 40}));
    auto now = devices;
    now["lo"].sent = {5, 50};
    now["new"].received = {7, 70};
    now.erase("eth0:1");
    const auto carried = carried_between(devices, now);
    EXPECT_EQ(carried.sent, (Flow{3, 30}));
    EXPECT_EQ(carried.received, (Flow{7, 70}));
}

} // namespace netatop::test
