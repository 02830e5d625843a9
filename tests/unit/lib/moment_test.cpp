// SPDX-License-Identifier: GPL-2.0-only
// What was expected was made with `date -d`.
#include "moment.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace netatop::test {

namespace {

// Friday, 27 November 2026, 15:04:05 in Berlin, which is one hour before Greenwich then and two in
// summer.
constexpr std::int64_t now = 1795788245'000;

class Moment : public ::testing::Test {
protected:
    Moment() {
        ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
        ::tzset();
    }
    ~Moment() override {
        ::unsetenv("TZ");
        ::tzset();
    }

    static std::int64_t seconds(const char* text) {
        const auto time = moment(text, now);
        return time ? *time / 1000 : -1;
    }
};

} // namespace

TEST_F(Moment, OfToday) {
    EXPECT_EQ(seconds("10:30"), 1795771800);
    EXPECT_EQ(seconds("10:30:07"), 1795771807);
    EXPECT_EQ(seconds("23:59"), 1795820340) << "later today";
    EXPECT_EQ(seconds("today"), 1795734000);
    EXPECT_EQ(seconds("yesterday"), 1795647600);
    EXPECT_EQ(seconds("now"), now / 1000);
}

TEST_F(Moment, OfADate) {
    EXPECT_EQ(seconds("2026-11-27"), 1795734000);
    EXPECT_EQ(seconds("2026-11-27 10:30"), 1795771800);
    EXPECT_EQ(seconds("2026-11-27T10:30:07"), 1795771807);
    EXPECT_EQ(seconds("2026-07-01 10:30"), 1782894600) << "summer time";
    EXPECT_EQ(seconds("2024-02-29"), 1709161200);
}

TEST_F(Moment, OfAnotherZone) {
    EXPECT_EQ(seconds("2026-11-27T09:30Z"), 1795771800);
    EXPECT_EQ(seconds("2026-11-27 09:30 UTC"), 1795771800);
    EXPECT_EQ(seconds("2026-11-27 04:30:00 -0500"), 1795771800);
    EXPECT_EQ(seconds("2026-11-27T15:00+05:30"), 1795771800);
}

TEST_F(Moment, FromNow) {
    EXPECT_EQ(seconds("-90"), now / 1000 - 90);
    EXPECT_EQ(seconds("-90s"), now / 1000 - 90);
    EXPECT_EQ(seconds("-30min"), now / 1000 - 1800);
    EXPECT_EQ(seconds("-1h"), now / 1000 - 3600);
    EXPECT_EQ(seconds("-2d"), now / 1000 - 172800);
    EXPECT_EQ(seconds("-1w"), now / 1000 - 604800);
    EXPECT_EQ(seconds("+5m"), now / 1000 + 300);
}

TEST_F(Moment, WhatIsNone) {
    for (const char* text : {"",
                             "-",
                             "+",
                             "h",
                             "-h",
                             "-1y",
                             "-1hh",
                             "1h",
                             "-99999999999",
                             "25:00",
                             "10:60",
                             "10",
                             "10:3",
                             "10:30:",
                             "10:30x",
                             "2026",
                             "2026-13-01",
                             "2026-00-01",
                             "2026-02-30",
                             "2026-11-00",
                             "2026-11-27 ",
                             "2026-11-27T",
                             "2026-11-27 10",
                             "2026-11-27 10:30 CET",
                             "2026-11-27 10:30 +1",
                             "2026-11-27 10:30 +0100 ",
                             "26-11-27",
                             "tomorrow"})
        EXPECT_FALSE(moment(text, now)) << text;
}

TEST_F(Moment, DateWithItsZone) {
    EXPECT_EQ(date_text(now), "2026-11-27 15:04:05 +0100");
    EXPECT_EQ(date_text(1782894600'999), "2026-07-01 10:30:00 +0200");
    EXPECT_EQ(moment(date_text(now), 0), now) << "what is written can be read";
}

} // namespace netatop::test
