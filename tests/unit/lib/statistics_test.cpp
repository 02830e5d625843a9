// SPDX-License-Identifier: GPL-2.0-only
// The statistics of the benchmark for real machines, against what is worked out by hand.
#include "statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace netatop::test {

namespace {

using native::median;
using native::signed_rank;

std::vector<double> one_to(int n) {
    std::vector<double> values(static_cast<std::size_t>(n));
    std::iota(values.begin(), values.end(), 1);
    return values;
}

} // namespace

TEST(Median, IsTheMiddleOne) {
    EXPECT_EQ(median({}), 0);
    EXPECT_EQ(median({7}), 7);
    EXPECT_EQ(median({9, 1, 4}), 4);
    EXPECT_EQ(median({9, 1, 4, 6}), 5);
}

// The means are 1, 1.5, 2, 3.5, 4, 6: of the eight sums of ranks one is 0, so that the least and
// the greatest mean are an interval of 1 - 2/8.
TEST(SignedRank, TakesTheMiddleOfAllMeans) {
    const auto found = signed_rank({6, 1, 2}, 0.75);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->estimate, 2.75);
    EXPECT_EQ(found->low, 1);
    EXPECT_EQ(found->high, 6);
    EXPECT_EQ(found->coverage, 0.75);
}

// Two of eight sums are at most 1: one mean at each end is left out, and the interval is the second
// to the fifth.
TEST(SignedRank, LeavesMeansOutAtBothEnds) {
    const auto found = signed_rank({6, 1, 2}, 0.5);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->low, 1.5);
    EXPECT_EQ(found->high, 4);
    EXPECT_EQ(found->coverage, 0.5);
}

// Of five differences nothing surer than 1 - 2/32 can be said, of six 1 - 2/64.
TEST(SignedRank, RefusesWhatTooFewCannotTell) {
    EXPECT_FALSE(signed_rank({}, 0.95));
    EXPECT_FALSE(signed_rank({3}, 0.95));
    EXPECT_FALSE(signed_rank(one_to(5), 0.95));
    const auto six = signed_rank(one_to(6), 0.95);
    ASSERT_TRUE(six);
    EXPECT_EQ(six->coverage, 1 - 2.0 / 64);
    EXPECT_EQ(six->low, 1);
    EXPECT_EQ(six->high, 6);
}

// With ten ranks, 1, 1, 1, 2, 2, 3, 4, 5, 6 ways make the sums 0 to 8: 25 of 1024. The ninth of the
// sorted means of 1 to 10: 1; 1.5; 2, 2; 2.5, 2.5; 3, 3, 3.
TEST(SignedRank, FindsTheBoundOfTenPairs) {
    const auto found = signed_rank(one_to(10), 0.95);
    ASSERT_TRUE(found);
    EXPECT_DOUBLE_EQ(found->coverage, 1 - 2 * 25.0 / 1024);
    EXPECT_EQ(found->estimate, 5.5);
    EXPECT_EQ(found->low, 3);
    EXPECT_EQ(found->high, 8);
}

// Printed tables have 52 and 37 as the critical values of twenty pairs, at 5 % and 1 %. Of powers
// of 4 the mean of two is told from any other, so that the position shows.
TEST(SignedRank, AgreesWithPrintedTables) {
    std::vector<double> values;
    std::vector<double> means;
    for (int i = 0; i < 20; ++i)
        values.push_back(static_cast<double>(1ULL << (2 * i)));
    for (const double a : values)
        for (const double b : values)
            if (a <= b)
                means.push_back((a + b) / 2);
    std::sort(means.begin(), means.end());
    const auto five = signed_rank(values, 0.95);
    const auto one = signed_rank(values, 0.99);
    ASSERT_TRUE(five && one);
    EXPECT_EQ(five->low, means[52]);
    EXPECT_EQ(five->high, means[210 - 53]);
    EXPECT_EQ(one->low, means[37]);
    EXPECT_EQ(one->high, means[210 - 38]);
}

TEST(SignedRank, MovesWithAllDifferences) {
    const auto one = signed_rank({-2, 3, 1, 0, 4, -1, 2, 5}, 0.95);
    const auto moved = signed_rank({8, 13, 11, 10, 14, 9, 12, 15}, 0.95);
    ASSERT_TRUE(one && moved);
    EXPECT_EQ(moved->estimate, one->estimate + 10);
    EXPECT_EQ(moved->low, one->low + 10);
    EXPECT_EQ(moved->high, one->high + 10);
    EXPECT_TRUE(one->holds_zero());
    EXPECT_FALSE(moved->holds_zero());
}

// A bound that is 0 says as little as one beyond it.
TEST(SignedRank, HoldsZeroAtItsBound) {
    EXPECT_TRUE(signed_rank({0, 0, 0, 0, 0, 0}, 0.95)->holds_zero());
    EXPECT_TRUE(signed_rank({0, 1, 1, 1, 1, 1}, 0.95)->holds_zero());
    EXPECT_TRUE(signed_rank({0, -1, -1, -1, -1, -1}, 0.95)->holds_zero());
    EXPECT_FALSE(signed_rank({-1, -2, -3, -4, -5, -6}, 0.95)->holds_zero());
}

} // namespace netatop::test
