// SPDX-License-Identifier: GPL-2.0-only
// The last minute of rows: what is in which second, and how it is drawn.
#include "history.h"

#include <gtest/gtest.h>

#include <clocale>

#include "live_lines.h"

namespace netatop::test {

namespace {

using Seconds = History::Seconds;

void take(History& history, std::int64_t at_ms, std::int64_t interval_ms, std::uint64_t bytes,
          const std::string& row = "row") {
    if (history.begin(at_ms, interval_ms))
        history.add(row, counters_of({bytes, 0}));
}

// The newest ones, the newest last.
Seconds last(const Seconds& seconds, std::ptrdiff_t number) {
    return {seconds.end() - number, seconds.end()};
}

} // namespace

TEST(History, OneSecondEach) {
    History history;
    take(history, 5000, 1000, 100);
    take(history, 6000, 1000, 0);
    take(history, 7000, 1000, 300);
    const auto seconds = history.seconds("row", true);
    ASSERT_EQ(seconds.size(), history_seconds);
    EXPECT_EQ(last(seconds, 4), (Seconds{std::nullopt, 100, 0, 300}));
    EXPECT_EQ(last(history.seconds("other", true), 4), (Seconds{std::nullopt, 0, 0, 0}));
    EXPECT_EQ(last(History().seconds("row", true), 1), (Seconds{std::nullopt}));
}

TEST(History, IntervalsOfAnyLength) {
    History history;
    take(history, 4000, 4000, 400);
    take(history, 6500, 2500, 500);
    // The newest second began at 5500.
    EXPECT_EQ(last(history.seconds("row", true), 7),
              (Seconds{50, 100, 100, 100, 50 + 100, 200, 200}));
    History often;
    for (int i = 1; i <= 30; ++i)
        take(often, i * 100, 100, i <= 20 ? 7 : 0);
    EXPECT_EQ(last(often.seconds("row", true), 4), (Seconds{std::nullopt, 70, 70, 0}));
}

TEST(History, AGapIsNotKnown) {
    History history;
    take(history, 1000, 1000, 10);
    take(history, 5000, 1000, 20);
    EXPECT_EQ(last(history.seconds("row", true), 5),
              (Seconds{10, std::nullopt, std::nullopt, std::nullopt, 20}));
}

TEST(History, ASampleCountsOnce) {
    History history;
    take(history, 1000, 1000, 10);
    take(history, 1000, 1000, 10);
    take(history, 2000, 0, 10); // of no interval
    EXPECT_EQ(last(history.seconds("row", true), 2), (Seconds{std::nullopt, 10}));
}

TEST(History, WhatIsOlderThanAMinuteIsForgotten) {
    History history;
    for (std::int64_t i = 1; i <= 61; ++i)
        take(history, i * 1000, 1000, static_cast<std::uint64_t>(i));
    auto seconds = history.seconds("row", true);
    EXPECT_EQ(seconds.front(), 2U);
    EXPECT_EQ(seconds.back(), 61U);
    take(history, 121'000, 60'000, 0);
    EXPECT_EQ(history.rows(), 0U);
    take(history, 122'000, 1000, 5);
    EXPECT_EQ(history.rows(), 1U);
    history.forget(182'000);
    EXPECT_EQ(history.rows(), 0U);
}

TEST(History, RowsAreBounded) {
    History history;
    ASSERT_TRUE(history.begin(1000, 1000));
    for (std::size_t i = 0; i <= History::most_rows; ++i)
        history.add(std::to_string(i), counters_of({1, 0}));
    EXPECT_EQ(history.rows(), History::most_rows);
    EXPECT_EQ(history.seconds("0", true).back(), 1U);
    EXPECT_EQ(history.seconds(std::to_string(History::most_rows), true).back(), 0U);
}

TEST(History, LoopbackApart) {
    History history;
    ASSERT_TRUE(history.begin(1000, 1000));
    auto counters = counters_of({30, 4});
    counters.loopback_tcp_received = {1, 10};
    history.add("row", counters);
    EXPECT_EQ(history.seconds("row", true).back(), 34U);
    EXPECT_EQ(history.seconds("row", false).back(), 24U);
}

TEST(Sparkline, Heights) {
    const Seconds seconds{std::nullopt, 0, 1, 100, 101, 350, 700};
    EXPECT_EQ(sparkline(seconds, 700), " _..:=#");
    EXPECT_EQ(sparkline({0, 0}, 0), "__");
    if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr)
        GTEST_SKIP() << "no UTF-8 here";
    EXPECT_EQ(sparkline(seconds, 700), " \u2581\u2582\u2582\u2583\u2585\u2588");
    std::setlocale(LC_CTYPE, "C");
}

} // namespace netatop::test
