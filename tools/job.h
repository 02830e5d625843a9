// SPDX-License-Identifier: GPL-2.0-only
// A command that runs as a child.
#pragma once

#include "descriptor.h"
#include "result.h"

#include <sys/signalfd.h>
#include <sys/types.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

namespace netatop {

// Why a command was not started.
struct StartFailure {
    bool in_cgroup = false; // it could not be moved there
    int code = 0;           // errno
};

class Job {
public:
    // What waits for the child has its signals blocked from here on, and hears of them by fd().
    static Result<Job> prepare();

    // Starts the command, in the cgroup whose cgroup.procs this is, unless it is none.
    std::optional<StartFailure> start(const std::vector<std::string>& command, int procs);

    // Readable when a signal has come.
    [[nodiscard]] int fd() const { return signals_.get(); }
    // Takes all signals that have come: reaps children, and passes on what somebody wants the
    // command to hear. A terminal tells the command itself.
    void take_signals();

    [[nodiscard]] bool ended() const { return ended_; }
    // Its exit status, or 128 and the number of the signal that ended it.
    [[nodiscard]] int status() const { return status_; }
    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    Job() = default;

    [[noreturn]] void become(const std::vector<std::string>& command, int procs, int report) const;
    void take(const signalfd_siginfo& signal);
    void reap();

    Descriptor signals_;
    sigset_t before_{};
    pid_t pid_ = 0;
    bool ended_ = false;
    int status_ = 0;
};

} // namespace netatop
