// SPDX-License-Identifier: GPL-2.0-only
// netatop-log against a running daemon.
#include "log_client.h"

#include "daemon_fixture.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
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
            client.style.format = json ? Format::json : Format::table;
            const Descriptor out(::open(output().c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
            return show_to(client, out.get());
        });
    }

    int show_to(const LogClient& client, int out) const {
        std::ofstream notes(output() + ".notes");
        const auto shown = show_log(client, out, notes);
        if (shown)
            return 0;
        notes << shown.error().text << '\n';
        return static_cast<int>(shown.error().cause);
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

// From the source through the daemon and its file to the reader.
TEST_F(LogClientTest, ShowsTheLongForm) {
    launch();
    Client atop(directory.log());
    ASSERT_TRUE(atop.probe());
    source.put(make_task(1), make_tail());
    ASSERT_TRUE(source.wait_until_done());
    const auto seen = atop.sample();
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].id, 1) << "and atop reads it";
    EXPECT_EQ(finish(show(false)), 0);
    const std::string text = contents(output());
    for (const char* part :
         {"\"exited\":1763798400.211,", "\"pid\":1,", "\"parent\":4242,", "\"uid\":0,",
          "\"cgroup\":98765,", "\"netns\":4026531840,", "\"lo_udprcvbytes\":160}"})
        EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
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
        const auto shown = show_log(client, STDOUT_FILENO, none);
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

TEST_F(LogClientTest, SavedLogNeedsNoDaemon) {
    launch();
    Client atop(directory.log());
    ASSERT_TRUE(atop.probe());
    source.put(make_task(1));
    ASSERT_TRUE(source.wait_until_done());
    EXPECT_EQ(stop(SIGTERM), 0);
    ::semctl(::semget(key, 0, 0), 0, IPC_RMID);
    EXPECT_EQ(finish(show(false)), 0);
    EXPECT_NE(contents(output()).find("\"pid\":1,"), std::string::npos);
}

TEST_F(LogClientTest, EndsAtWhatItFoundAtTheBeginning) {
    launch();
    Client atop(directory.log());
    ASSERT_TRUE(atop.probe());
    source.put(make_task(1));
    ASSERT_TRUE(source.wait_until_done());
    const pid_t feeder = start([&] {
        for (int id = 2;; ++id)
            source.put(make_task(id));
        return 0;
    });
    EXPECT_EQ(finish(show(false)), 0);
    ::kill(feeder, SIGKILL);
    finish(feeder);
}

class LogClientPipe : public LogClientTest {
protected:
    // Not sooner: a daemon must not hold an end of it too.
    void make_pipe() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        in = Descriptor(ends[0]);
        out = Descriptor(ends[1]);
    }

    pid_t show_to_pipe(bool follow) {
        const pid_t child = start([&, follow] {
            in.reset();
            LogClient client;
            client.log_path = directory.log();
            client.follow = follow;
            return show_to(client, out.get());
        });
        out.reset();
        return child;
    }

    Descriptor in;
    Descriptor out;
};

TEST_F(LogClientTest, SignalEndsItWhileItPrints) {
    launch();
    Client atop(directory.log());
    ASSERT_TRUE(atop.probe());
    for (int id = 1; id <= 3000; ++id) // more than a pipe holds
        source.put(make_task(id));
    ASSERT_TRUE(source.wait_until_done());
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        const Descriptor unread(ends[0]);
        const Descriptor full(ends[1]);
        const pid_t shower = start([&] {
            LogClient client;
            client.log_path = directory.log();
            return show_to(client, full.get());
        });
        int waiting = 0;
        EXPECT_TRUE(eventually(
            [&] { return ::ioctl(unread.get(), FIONREAD, &waiting) == 0 && waiting >= 60000; }));
        ::kill(shower, signal);
        EXPECT_EQ(finish(shower), 0);
    }
}

TEST_F(LogClientTest, SignalEndsItWhileItWaitsForAPlace) {
    launch();
    ASSERT_EQ(::semctl(::semget(key, 0, 0), 1, SETVAL, 0), 0);
    const pid_t shower = show(true);
    ::usleep(300000);
    ::kill(shower, SIGTERM);
    EXPECT_EQ(finish(shower), 0);

    const pid_t patient = show(true);
    ::usleep(300000);
    ASSERT_EQ(::semctl(::semget(key, 0, 0), 1, SETVAL, 1), 0);
    EXPECT_TRUE(eventually([&] { return semaphore(1) == 0; }));
    ::kill(patient, SIGTERM);
    EXPECT_EQ(finish(patient), 0);
}

TEST_F(LogClientPipe, NobodyReadsAnyMore) {
    launch();
    make_pipe();
    const pid_t shower = show_to_pipe(true);
    ASSERT_TRUE(eventually([&] { return semaphore(1) == 99; }));
    in.reset();
    EXPECT_EQ(finish(shower), 0);
    EXPECT_EQ(semaphore(1), 100);
}

TEST_F(LogClientTest, IgnoredSignalsStayIgnored) {
    launch();
    const pid_t shower = start([&] {
        std::signal(SIGHUP, SIG_IGN);
        LogClient client;
        client.log_path = directory.log();
        client.follow = true;
        const Descriptor out(::open(output().c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
        return show_to(client, out.get());
    });
    ASSERT_TRUE(eventually([&] { return semaphore(1) == 99; }));
    ::kill(shower, SIGHUP);
    ::usleep(300000);
    source.put(make_task(4321));
    EXPECT_TRUE(shows("4321"));
    ::kill(shower, SIGTERM);
    EXPECT_EQ(finish(shower), 0);
}

TEST_F(LogClientTest, FollowSurvivesWhatTheDaemonRepairs) {
    launch();
    const pid_t shower = show(true);
    ASSERT_TRUE(eventually([&] { return semaphore(1) == 99; }));
    source.put(make_task(1111));
    EXPECT_TRUE(shows("1111"));
    ASSERT_EQ(::truncate(directory.log().c_str(), 5), 0);
    EXPECT_TRUE(eventually([&] { return log_names_daemon(); }));
    source.put(make_task(2222));
    EXPECT_TRUE(shows("2222"));
    ASSERT_EQ(::rename(directory.log().c_str(), (directory.path + "/moved").c_str()), 0);
    EXPECT_TRUE(eventually([&] { return log_names_daemon(); }));
    source.put(make_task(3333));
    EXPECT_TRUE(shows("3333"));
    ::kill(shower, SIGTERM);
    EXPECT_EQ(finish(shower), 0);
}

TEST_F(LogClientTest, JoinsANewSemaphoreSet) {
    launch();
    const pid_t shower = show(true);
    ASSERT_TRUE(eventually([&] { return semaphore(1) == 99; }));
    ASSERT_EQ(::semctl(::semget(key, 0, 0), 0, IPC_RMID), 0);
    source.put(make_task(1)); // the daemon makes the set again
    EXPECT_TRUE(eventually([&] { return semaphore(1) == 99; }));
    source.put(make_task(5555));
    EXPECT_TRUE(shows("5555"));
    ::kill(shower, SIGTERM);
    EXPECT_EQ(finish(shower), 0);
    EXPECT_EQ(semaphore(1), 100);
}

} // namespace netatop::test
