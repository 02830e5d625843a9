// SPDX-License-Identifier: GPL-2.0-only
// The whole daemon in a process of its own.
#pragma once

#include "daemon.h"
#include "support.h"

#include <sys/sem.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <utility>

namespace netatop::test {

class DaemonTest : public ::testing::Test {
protected:
    ~DaemonTest() override {
        if (daemon > 0)
            stop(SIGKILL);
        const int set = ::semget(key, 0, 0);
        if (set >= 0)
            ::semctl(set, 0, IPC_RMID);
    }

    static int run(const std::string& log, ExitSource& from, const std::string& journal,
                   const std::string& manager = "") {
        Files files;
        std::ofstream out(journal, std::ios::app);
        Messages messages(out, true);
        Config config;
        config.log_path = log;
        const auto done = run_daemon(config, from, files, messages, Notify(manager));
        if (done)
            return 0;
        messages.say(Level::error, done.error().text);
        return static_cast<int>(done.error().cause);
    }

    void launch(ExitSource& from) {
        daemon = start([&] { return run(directory.log(), from, journal()); });
    }

    void launch() {
        launch(source);
        ASSERT_TRUE(eventually([&] { return log_names_daemon(); }));
    }

    // A daemon puts its name into its log, or into that of one before, when all else is done.
    [[nodiscard]] bool log_names_daemon() const { return named(directory.log()) == daemon; }

    // The process that a log names.
    static std::int32_t named(const std::string& log) {
        const std::string header = contents(log).substr(0, 16);
        std::int32_t pid = 0;
        if (header.size() == 16)
            std::memcpy(&pid, header.data() + 12, sizeof pid);
        return pid;
    }

    int stop(int signal) {
        ::kill(daemon, signal);
        return finish(std::exchange(daemon, -1));
    }

    [[nodiscard]] std::string journal() const { return directory.path + "/journal"; }

    Directory directory;
    PipeSource source;
    pid_t daemon = -1;
};

} // namespace netatop::test
