// SPDX-License-Identifier: GPL-2.0-only
#include "messages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace netatop::test {

namespace {

Messages::Clock::time_point now; // NOLINT: the clock of these tests

Messages::Clock::time_point clock() {
    return now;
}

} // namespace

TEST(Messages, JournalGetsLevels) {
    std::ostringstream out;
    Messages(out, true).say(Level::error, "bad");
    EXPECT_EQ(out.str(), "<3>bad\n");
}

TEST(Messages, TerminalGetsTheName) {
    std::ostringstream out;
    Messages(out, false).say(Level::warning, "odd");
    EXPECT_EQ(out.str(), "netatopd: odd\n");
}

TEST(Messages, OnceForAChangeOfState) {
    std::ostringstream out;
    Messages messages(out, true, clock);
    for (int second = 0; second < 600; ++second) {
        messages.problem(Topic::log, Level::warning, "full");
        now += std::chrono::seconds(1);
    }
    EXPECT_EQ(out.str(), "<4>full\n");
    for (int i = 0; i < 3; ++i)
        messages.solved(Topic::log, Level::notice, "fine");
    EXPECT_EQ(out.str(), "<4>full\n<5>fine\n");
    messages.problem(Topic::log, Level::warning, "full");
    EXPECT_EQ(out.str(), "<4>full\n<5>fine\n<4>full\n");
    messages.problem(Topic::log, Level::warning, "read-only");
    EXPECT_EQ(out.str(), "<4>full\n<5>fine\n<4>full\n<4>read-only\n");
}

TEST(Messages, WhatComesAndGoesIsSaidOnceAMinute) {
    std::ostringstream out;
    Messages messages(out, true, clock);
    for (int second = 0; second < 600; ++second) {
        messages.problem(Topic::log, Level::warning, "full");
        messages.solved(Topic::log, Level::notice, "fine");
        now += std::chrono::seconds(1);
    }
    const std::string text = out.str();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 20);
}

TEST(Messages, NothingIsSolvedThatWasNoProblem) {
    std::ostringstream out;
    Messages messages(out, true, clock);
    EXPECT_FALSE(messages.solved(Topic::log, Level::notice, "fine"));
    EXPECT_EQ(out.str(), "");
}

TEST(Messages, TopicsAreToldOfByThemselves) {
    std::ostringstream out;
    Messages messages(out, true, clock);
    messages.problem(Topic::log, Level::warning, "full");
    messages.problem(Topic::module, Level::warning, "absent");
    messages.problem(Topic::log, Level::warning, "full");
    EXPECT_EQ(out.str(), "<4>full\n<4>absent\n");
}

// As on a full disk that somebody empties later.
TEST(Messages, OneFailedWriteSilencesNothing) {
    std::ostringstream out;
    Messages messages(out, true);
    out.setstate(std::ios::badbit);
    messages.say(Level::error, "lost");
    out.setstate(std::ios::badbit);
    messages.say(Level::error, "bad");
    EXPECT_NE(out.str().find("<3>bad\n"), std::string::npos);
}

} // namespace netatop::test
