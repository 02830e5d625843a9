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

TEST(Messages, OnceAMinuteForATopic) {
    std::ostringstream out;
    Messages messages(out, true, clock);
    for (int second = 0; second < 600; ++second) {
        messages.say_sometimes(Topic::log, Level::warning, "full");
        now += std::chrono::seconds(1);
    }
    const std::string text = out.str();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10);
    EXPECT_NE(text.find("full (59 messages like it left out)"), std::string::npos) << text;
}

TEST(Messages, TopicsAreLimitedByThemselves) {
    std::ostringstream out;
    Messages messages(out, true, clock);
    messages.say_sometimes(Topic::log, Level::warning, "full");
    messages.say_sometimes(Topic::module_absent, Level::warning, "absent");
    messages.say_sometimes(Topic::module_absent, Level::warning, "absent");
    EXPECT_EQ(out.str(), "<4>full\n<4>absent\n");
}

} // namespace netatop::test
