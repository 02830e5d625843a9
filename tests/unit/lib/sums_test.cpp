// SPDX-License-Identifier: GPL-2.0-only
// What cgroups carried between two looks, also those that end in between.
#include "listing.h"

#include "fake_kernel.h"

#include <gtest/gtest.h>

#include <sstream>

namespace netatop::test {

namespace {

constexpr std::size_t listener = 1; // the socket that hears of ends

// Packets of TCP sent, for each cgroup: own, and of those that ended below.
struct Carried {
    std::uint64_t own;
    std::uint64_t below;

    friend bool operator==(const Carried& a, const Carried& b) {
        return a.own == b.own && a.below == b.below;
    }
    friend std::ostream& operator<<(std::ostream& out, const Carried& carried) {
        return out << carried.own << '+' << carried.below;
    }
};
using All = std::map<std::uint64_t, Carried>;

class SumsTest : public ::testing::Test {
protected:
    CgroupSampler start(bool rates) {
        kernel.script({family()});
        if (rates)
            kernel.script({});
        auto sampler = CgroupSampler::start(rates, notes, kernel.connect());
        EXPECT_TRUE(sampler) << (sampler ? "" : sampler.error().text);
        return *std::move(sampler);
    }
    // Of those that carried something.
    All take(CgroupSampler& sampler, const Bytes& cgroups) {
        kernel.script({cgroups + done()});
        const auto sums = sampler.take();
        EXPECT_TRUE(sums) << (sums ? "" : sums.error().text);
        All all;
        for (const auto& sum : *sums) {
            EXPECT_EQ(all.count(sum.cgroup.id), 0U) << sum.cgroup.id;
            if (sum.any())
                all[sum.cgroup.id] = {sum.own.tcp_sent.packets, sum.ended_below.tcp_sent.packets};
        }
        return all;
    }

    FakeKernel kernel;
    std::ostringstream notes;
};

Sum sum(std::uint64_t id, std::uint64_t own, std::uint64_t below) {
    Sum result;
    result.cgroup.id = id;
    result.own.tcp_sent = result.cgroup.own.tcp_sent = {own, own * 100};
    result.ended_below.tcp_sent = result.cgroup.ended_below.tcp_sent = {below, below * 100};
    return result;
}

} // namespace

TEST_F(SumsTest, AllSinceTheModuleWasLoaded) {
    auto sampler = start(false);
    EXPECT_EQ(take(sampler, cgroup(1, 0, 10, 1000) + cgroup(5, 1, 20)),
              (All{{1, {10, 1000}}, {5, {20, 0}}}));
}

TEST_F(SumsTest, WhatWasCarriedInBetween) {
    auto sampler = start(true);
    EXPECT_EQ(take(sampler, cgroup(1, 0, 10) + cgroup(5, 1, 20)), All{});
    EXPECT_EQ(take(sampler, cgroup(1, 0, 10) + cgroup(5, 1, 27) + cgroup(6, 1, 3)),
              (All{{5, {7, 0}}, {6, {3, 0}}}));
    EXPECT_EQ(notes.str(), "");
}

// What it had carried before is its parent's now, which did not carry it in the interval.
TEST_F(SumsTest, OneThatEndsIsNoLeapOfItsParent) {
    auto sampler = start(true);
    take(sampler, cgroup(1, 0, 10, 500) + cgroup(5, 1, 1000));
    kernel.say(listener, cgroup_end(5, 1, 1007));
    EXPECT_EQ(take(sampler, cgroup(1, 0, 12, 1507 + 2)), (All{{1, {2, 2}}, {5, {7, 0}}}));
    EXPECT_EQ(take(sampler, cgroup(1, 0, 12, 1509)), All{});
}

// The parent was looked at before it had what was the other's.
TEST_F(SumsTest, NorInTheIntervalAfter) {
    auto sampler = start(true);
    take(sampler, cgroup(1, 0, 10, 500) + cgroup(5, 1, 1000));
    kernel.say(listener, cgroup_end(5, 1, 1007));
    EXPECT_EQ(take(sampler, cgroup(1, 0, 10, 500)), (All{{5, {7, 0}}}));
    EXPECT_EQ(take(sampler, cgroup(1, 0, 10, 1507 + 2)), (All{{1, {0, 2}}}));
}

TEST_F(SumsTest, ABranchThatEndsInAnyOrder) {
    for (const bool parent_first : {false, true}) {
        auto sampler = start(true);
        take(sampler, cgroup(1, 0, 10) + cgroup(5, 1, 100) + cgroup(6, 5, 200));
        // What the lower one had is in what the upper one had only when it ended before.
        const Bytes upper = cgroup_end(5, 1, 103, parent_first ? 0 : 204);
        const Bytes lower = cgroup_end(6, 5, 204);
        const std::size_t socket = parent_first ? 5 : listener;
        kernel.say(socket, parent_first ? upper : lower);
        kernel.say(socket, parent_first ? lower : upper);
        EXPECT_EQ(take(sampler, cgroup(1, 0, 10, 307)), (All{{5, {3, 0}}, {6, {4, 0}}}));
    }
}

// Its end is read after a look that still found it.
TEST_F(SumsTest, AnEndThatIsReadBeforeItsTime) {
    auto sampler = start(true);
    take(sampler, cgroup(1, 0, 10) + cgroup(5, 1, 100));
    kernel.say(listener, cgroup_end(5, 1, 109));
    EXPECT_EQ(take(sampler, cgroup(1, 0, 10) + cgroup(5, 1, 104)), (All{{5, {4, 0}}}));
    EXPECT_EQ(take(sampler, cgroup(1, 0, 10, 109)), (All{{5, {5, 0}}}));
}

TEST_F(SumsTest, AnEndThatComesLateOrNever) {
    auto sampler = start(true);
    take(sampler, cgroup(1, 0, 10) + cgroup(5, 1, 100));
    EXPECT_EQ(take(sampler, cgroup(1, 0, 10, 103)), (All{{1, {0, 3}}}));
    kernel.say(listener, cgroup_end(5, 1, 103));
    EXPECT_EQ(take(sampler, cgroup(1, 0, 10, 103)), All{});
}

// What it had carried was told when it was not there any more, and is not told again.
TEST_F(SumsTest, AnEndThatComesSeveralLooksLate) {
    auto sampler = start(true);
    take(sampler, cgroup(1, 0, 10) + cgroup(5, 1, 100));
    EXPECT_EQ(take(sampler, cgroup(1, 0, 10, 103)), (All{{1, {0, 3}}}));
    EXPECT_EQ(take(sampler, cgroup(1, 0, 10, 103)), All{});
    kernel.say(listener, cgroup_end(5, 1, 103));
    EXPECT_EQ(take(sampler, cgroup(1, 0, 10, 103)), All{});
    EXPECT_EQ(take(sampler, cgroup(1, 0, 10, 108)), (All{{1, {0, 5}}}));
}

TEST_F(SumsTest, BriefOnesAreTheirOwn) {
    auto sampler = start(true);
    take(sampler, cgroup(1, 0, 10));
    kernel.say(listener, cgroup_end(7, 1, 40));
    EXPECT_EQ(take(sampler, cgroup(1, 0, 10, 40)), (All{{7, {40, 0}}}));
}

TEST_F(SumsTest, Lines) {
    Identities identities;
    auto ended = sum(6, 2, 0);
    ended.ended = true;
    const auto lines = chosen(cgroup_lines({sum(5, 3, 4), ended, sum(7, 0, 0)}, identities), {});
    ASSERT_EQ(lines.size(), 2U) << "who carried nothing has none";
    EXPECT_EQ(lines[0].shown, "#5");
    EXPECT_EQ(lines[1].shown, "<#6>");
    EXPECT_EQ(lines[0].counters.all().bytes, 300U);
    EXPECT_EQ(lines[0].who.size(), columns_of(Kind::cgroups).size());
    EXPECT_EQ(lines[0].more.size(), more_columns_of(Kind::cgroups).size());
    EXPECT_EQ(std::get<std::uint64_t>(lines[0].more[0]), 4U);
}

// What processes carried is in their cgroup's sum already: they are only counted.
TEST_F(SumsTest, LinesOfUnits) {
    Identities identities;
    Entry entry;
    entry.task.tgid = 1;
    entry.moved.tcp_sent = {9, 900};
    for (const auto kind : {Kind::units, Kind::containers}) {
        const auto lines = group_lines(kind, {sum(5, 3, 4), sum(6, 2, 0)}, {entry}, identities);
        ASSERT_EQ(lines.size(), 1U);
        EXPECT_EQ(lines[0].counters.all().packets, 9U);
        EXPECT_EQ(lines[0].counters.all().bytes, 900U);
        ASSERT_EQ(lines[0].who.size(), columns_of(kind).size());
        EXPECT_EQ(std::get<std::uint64_t>(lines[0].who.back()), 1U);
        EXPECT_TRUE(group_lines(kind, {sum(5, 0, 0)}, {entry}, identities).empty());
    }
}

// As the live view has them. What ended is in its parent's sums too, and counts once.
TEST_F(SumsTest, LinesWithWhatIsIdleOrEnded) {
    Identities identities;
    auto idle = sum(5, 0, 0);
    idle.cgroup.own.tcp_sent = {8, 800};
    for (const auto kind : {Kind::units, Kind::containers}) {
        EXPECT_TRUE(group_lines(kind, {sum(5, 0, 0)}, {}, identities, true).empty());
        const auto lines = group_lines(kind, {idle}, {}, identities, true);
        ASSERT_EQ(lines.size(), 1U);
        EXPECT_EQ(lines[0].shown, "");
        EXPECT_FALSE(lines[0].counters.any());
        EXPECT_EQ(lines[0].total.all().packets, 8U);
    }
    auto parent = sum(5, 0, 0);
    parent.cgroup.own.tcp_sent = {8, 800};
    parent.cgroup.ended_below.tcp_sent = {5, 500};
    auto ended = sum(6, 2, 0);
    ended.cgroup.parent = 5;
    ended.cgroup.own.tcp_sent = {4, 400};
    ended.ended = true;
    const auto lines = group_lines(Kind::units, {ended, parent}, {}, identities, true);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].counters.all().packets, 2U);
    EXPECT_EQ(lines[0].total.all().packets, 13U);
}

} // namespace netatop::test
