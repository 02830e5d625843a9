// SPDX-License-Identifier: GPL-2.0-only
// netatop-log against a running daemon.
#include "log_client.h"

#include "daemon_fixture.h"

#include <algorithm>
#include <sstream>

namespace netatop::test {

namespace {

class LogClientTest : public DaemonTest {
protected:
    // Runs netatop-log in a process of its own, with its output in a file.
    pid_t show(bool follow, bool json = true) {
        return start([&, follow, json] {
            LogClient client;
            client.log_path = directory.log();
            client.follow = follow;
            client.json = json;
            std::ofstream out(output());
            std::ofstream notes(output() + ".notes");
            const auto shown = show_log(client, out, notes);
            if (shown)
                return 0;
            notes << shown.error().text << '\n';
            return static_cast<int>(shown.error().cause);
        });
    }

    [[nodiscard]] std::string output() const { return directory.path + "/output"; }
    [[nodiscard]] bool shows(const std::string& text) const {
        return eventually([&] { return contents(output()).find(text) != std::string::npos; });
    }
};

} // namespace

TEST_F(LogClientTest, NoDaemonEver) {
    EXPECT_EQ(finish(show(false)), 7);
    EXPECT_NE(contents(output() + ".notes").find("systemctl start"), std::string::npos);
}

TEST_F(LogClientTest, DaemonHasEnded) {
    launch();
    EXPECT_EQ(stop(SIGTERM), 0);
    EXPECT_EQ(finish(show(false)), 7);
}

TEST_F(LogClientTest, ShowsWhatIsThere) {
    launch();
    Client atop(directory.log());
    ASSERT_TRUE(atop.probe());
    source.put(make_task(1));
    source.put(make_task(2));
    ASSERT_TRUE(source.wait_until_done());
    EXPECT_EQ(finish(show(false)), 0);
    const std::string text = contents(output());
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
    EXPECT_EQ(text.find("{\"exited\":null,\"pid\":1,"), 0U) << text;
    atop.sign_off();
}

TEST_F(LogClientTest, NothingThereSaysHowToSeeMore) {
    launch();
    EXPECT_EQ(finish(show(false)), 0);
    EXPECT_EQ(contents(output()), "");
    EXPECT_NE(contents(output() + ".notes").find("--follow"), std::string::npos);
}

TEST_F(LogClientTest, OnlyRootMayRead) {
    NEEDS_ROOT();
    launch();
    LogClient client;
    client.log_path = directory.log();
    const pid_t user = start([&] {
        if (::setuid(12345) != 0)
            return 1;
        std::ostringstream none;
        const auto shown = show_log(client, none, none);
        EXPECT_FALSE(shown);
        EXPECT_EQ(shown.error().text, "only root may read the log");
        return static_cast<int>(shown.error().cause);
    });
    EXPECT_EQ(finish(user), 6);
}

TEST_F(LogClientTest, FollowsAndMakesTheDaemonLog) {
    launch();
    const pid_t shower = show(true);
    ASSERT_TRUE(eventually([&] { return semaphore(1) == 99; }));
    source.put(make_task(1));
    EXPECT_TRUE(shows("\"pid\":1,"));

    ::kill(shower, SIGINT);
    EXPECT_EQ(finish(shower), 0);
    EXPECT_EQ(semaphore(1), 100);
    // Its farewell made the daemon empty the log, before the daemon's own next look.
    EXPECT_TRUE(eventually([&] { return contents(directory.log()).size() == 16; }));
}

TEST_F(LogClientTest, FollowsOverARestart) {
    launch();
    const pid_t shower = show(true, false);
    ASSERT_TRUE(eventually([&] { return semaphore(1) == 99; }));
    source.put(make_task(1234));
    EXPECT_TRUE(shows("1234"));
    EXPECT_EQ(stop(SIGKILL), -SIGKILL);
    EXPECT_TRUE(eventually(
        [&] { return contents(output() + ".notes").find("waiting for it") != std::string::npos; }));
    launch();
    source.put(make_task(5678));
    EXPECT_TRUE(shows("5678"));
    ::kill(shower, SIGTERM);
    EXPECT_EQ(finish(shower), 0);
}

TEST_F(LogClientTest, KilledOneIsForgotten) {
    launch();
    const pid_t shower = show(true);
    ASSERT_TRUE(eventually([&] { return semaphore(1) == 99; }));
    ::kill(shower, SIGKILL);
    finish(shower);
    EXPECT_EQ(semaphore(1), 100);
}

TEST_F(LogClientTest, StrangersAreNotSignalled) {
    launch();
    const pid_t shower = show(true);
    ASSERT_TRUE(eventually([&] { return semaphore(1) == 99; }));
    EXPECT_EQ(stop(SIGKILL), -SIGKILL);
    // The pid in the dead daemon's log and semaphore could be anybody's now;
    // the reader leaves without a signal to it.
    ::kill(shower, SIGTERM);
    EXPECT_EQ(finish(shower), 0);
}

} // namespace netatop::test
