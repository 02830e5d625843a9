// SPDX-License-Identifier: GPL-2.0-only
#include "job.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace netatop {

Result<Job> Job::prepare() {
    Job job;
    sigset_t heard;
    sigemptyset(&heard);
    for (const int signal : {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM})
        sigaddset(&heard, signal);
    if (::pthread_sigmask(SIG_BLOCK, &heard, &job.before_) != 0)
        return system_error("cannot block signals");
    job.signals_ = Descriptor(::signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!job.signals_)
        return system_error("cannot wait for signals");
    return job;
}

// In the child.
void Job::become(const std::vector<std::string>& command, int procs, int report) const {
    StartFailure failure;
    failure.in_cgroup = procs >= 0 && ::write(procs, "0", 1) < 0; // 0: itself
    failure.code = errno;
    if (!failure.in_cgroup) {
        std::vector<char*> arguments;
        arguments.reserve(command.size() + 1);
        for (const auto& argument : command)
            arguments.push_back(
                const_cast<char*>(argument.c_str())); // NOLINT: which execvp() wants
        arguments.push_back(nullptr);
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        ::execvp(arguments[0], arguments.data());
        failure.code = errno;
    }
    const ssize_t told = ::write(report, &failure, sizeof failure);
    ::_exit(told < 0 ? 126 : 127);
}

std::optional<StartFailure> Job::start(const std::vector<std::string>& command, int procs) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return StartFailure{false, errno};
    const Descriptor from(ends[0]);
    Descriptor to(ends[1]);
    pid_ = ::fork();
    if (pid_ < 0)
        return StartFailure{false, errno};
    if (pid_ == 0)
        become(command, procs, to.get());
    to.reset();
    // Nothing, when it has become the command.
    StartFailure failure;
    ssize_t length = 0;
    do
        length = ::read(from.get(), &failure, sizeof failure);
    while (length < 0 && errno == EINTR);
    if (length != sizeof failure)
        return std::nullopt;
    ::waitpid(pid_, nullptr, 0);
    return failure;
}

void Job::take_signals() {
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal)
        take(signal);
}

void Job::take(const signalfd_siginfo& signal) {
    const int number = static_cast<int>(signal.ssi_signo);
    if (number == SIGCHLD)
        reap();
    else if (!ended_ && signal.ssi_code <= 0) // from a process, and not from the terminal
        ::kill(pid_, number);
}

// Others than the command may have become children of this process.
void Job::reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid != pid_)
            continue;
        ended_ = true;
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}

} // namespace netatop
