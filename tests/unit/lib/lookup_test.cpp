// SPDX-License-Identifier: GPL-2.0-only
// Answers from other threads: nobody waits for them, and there is an end to what is kept.
#include "lookup.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>

namespace netatop::test {

namespace {

bool news(const Lookup& lookup, int limit_ms) {
    pollfd event{lookup.fd(), POLLIN, 0};
    return ::poll(&event, 1, limit_ms) == 1;
}

// The answer, if there is one in time.
std::optional<std::string> answer(Lookup& lookup, const std::string& question) {
    for (int i = 0; i < 50; ++i) {
        if (auto known = lookup.get(question))
            return known;
        (void)news(lookup, 100);
        lookup.settle();
    }
    return std::nullopt;
}

} // namespace

TEST(Lookup, AnswersOnce) {
    const auto asked = std::make_shared<std::atomic<int>>(0);
    auto lookup = Lookup::make(
        [asked](const std::string& question) {
            ++*asked;
            return question + "!";
        },
        10);
    ASSERT_TRUE(lookup) << lookup.error().text;
    EXPECT_FALSE(news(*lookup, 0));
    EXPECT_FALSE(lookup->get("a")) << "it is not waited for";
    EXPECT_TRUE(news(*lookup, 5000));
    lookup->settle();
    EXPECT_FALSE(news(*lookup, 0));
    EXPECT_EQ(answer(*lookup, "a"), "a!");
    EXPECT_EQ(answer(*lookup, "b"), "b!");
    EXPECT_EQ(answer(*lookup, "a"), "a!");
    EXPECT_EQ(*asked, 2);
}

// Neither who asks nor the end.
TEST(Lookup, NobodyWaitsForOneThatHangs) {
    const auto release = std::make_shared<std::promise<void>>();
    const std::shared_future<void> released(release->get_future());
    const auto begin = std::chrono::steady_clock::now();
    {
        auto lookup = Lookup::make(
            [released](const std::string& question) {
                if (question == "hangs")
                    released.wait();
                return question;
            },
            10, 2);
        ASSERT_TRUE(lookup);
        EXPECT_FALSE(lookup->get("hangs"));
        EXPECT_EQ(answer(*lookup, "other"), "other") << "by the other thread";
        EXPECT_FALSE(lookup->get("hangs"));
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    release->set_value();
}

TEST(Lookup, ForgetsWhenThereIsTooMuch) {
    const auto asked = std::make_shared<std::atomic<int>>(0);
    auto lookup = Lookup::make(
        [asked](const std::string& question) {
            ++*asked;
            return question;
        },
        3);
    ASSERT_TRUE(lookup);
    for (const char* question : {"a", "b", "c", "d"})
        EXPECT_EQ(answer(*lookup, question), question);
    EXPECT_EQ(answer(*lookup, "d"), "d");
    EXPECT_EQ(*asked, 4);
    EXPECT_EQ(answer(*lookup, "a"), "a");
    EXPECT_EQ(*asked, 5) << "a was forgotten";
}

} // namespace netatop::test
