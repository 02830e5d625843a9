// SPDX-License-Identifier: GPL-2.0-only
#include "taker.h"

#include <pthread.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace netatop {

namespace {

using std::chrono::milliseconds;

// How long the module is waited for between two looks.
constexpr milliseconds shortest_delay{250};
constexpr milliseconds longest_delay{4000};

// Breaks the wait for a record; does nothing else.
constexpr int wake_signal = SIGUSR1;

constexpr const char* taking = "taking records from the module";

Status install_wake_signal() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    if (::sigaction(wake_signal, &action, nullptr) != 0)
        return system_error("cannot set up a signal");
    return Done{};
}

} // namespace

Taker::Taker(ExitSource& source, Messages& messages, const Notify& notify)
    : source_(source), messages_(messages), notify_(notify), ended_fd_(::eventfd(0, EFD_CLOEXEC)),
      delay_(shortest_delay) {}

Status Taker::start() {
    if (!ended_fd_)
        return system_error("cannot make an event descriptor");
    auto installed = install_wake_signal();
    if (!installed)
        return installed;
    try {
        thread_ = std::thread(&Taker::run, this);
    } catch (const std::system_error& error) {
        return Error{std::string("cannot start a thread: ") + error.what()};
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return probed_; });
    return failure_ ? Status(*failure_) : Done{};
}

void Taker::go(Recorder& recorder) {
    const std::lock_guard lock(mutex_);
    recorder_ = &recorder;
    changed_.notify_all();
}

// The signal may come just before the thread blocks, so it is repeated until
// the thread has seen that it shall end.
void Taker::stop() {
    if (!thread_.joinable())
        return;
    std::unique_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    while (!changed_.wait_for(lock, milliseconds(10), [this] { return ended_; }))
        ::pthread_kill(thread_.native_handle(), wake_signal);
    lock.unlock();
    thread_.join();
}

std::optional<Error> Taker::failure() {
    const std::lock_guard lock(mutex_);
    return failure_;
}

void Taker::run() {
    sigset_t wake;
    sigemptyset(&wake);
    sigaddset(&wake, wake_signal);
    ::pthread_sigmask(SIG_UNBLOCK, &wake, nullptr);

    Taken probed = source_.probe();
    if (probed.outcome == Taken::Outcome::denied)
        report(probed);
    if (wait_for_go()) {
        while (!stopping()) {
            if (probed.outcome == Taken::Outcome::record)
                take_all();
            else
                report(probed);
            if (!stopping())
                probed = source_.probe();
        }
    }
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
}

bool Taker::wait_for_go() {
    std::unique_lock lock(mutex_);
    probed_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return recorder_ != nullptr || stopping_; });
    return recorder_ != nullptr;
}

void Taker::take_all() {
    const bool said = messages_.solved(Topic::module, Level::info, taking);
    if (!said && !std::exchange(announced_, true))
        messages_.say(Level::info, taking);
    notify_.status("Taking records from the module.");
    while (!stopping()) {
        const Taken taken = source_.take();
        if (taken.outcome == Taken::Outcome::record) {
            recorder_->record({taken.task, taken.tail});
            delay_ = shortest_delay;
        } else if (taken.outcome != Taken::Outcome::interrupted) {
            report(taken);
            return;
        }
    }
}

void Taker::report(const Taken& problem) {
    switch (problem.outcome) {
    case Taken::Outcome::record:
    case Taken::Outcome::interrupted:
        return;
    case Taken::Outcome::absent:
        notify_.status("Waiting for the kernel module: `modprobe netatop` loads it.");
        messages_.problem(Topic::module, Level::warning,
                          "the module netatop is not loaded: waiting for it; `modprobe netatop` "
                          "loads it, `dkms status netatop` says whether it was built (package "
                          "netatop-dkms)");
        break;
    case Taken::Outcome::unfit:
        notify_.status("Waiting for another version of the kernel module.");
        messages_.problem(Topic::module, Level::warning, problem.text);
        break;
    case Taken::Outcome::failed:
        notify_.status("Waiting: " + problem.text);
        messages_.problem(Topic::module, Level::warning, problem.text);
        break;
    case Taken::Outcome::denied:
        fail({"the module refuses this process: netatopd needs CAP_NET_ADMIN in the initial user "
              "namespace; run it as root or as the service netatopd",
              Cause::privilege, EPERM});
        return;
    }
    wait_before_retry();
}

void Taker::fail(Error error) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(error);
    stopping_ = true;
    ::eventfd_write(ended_fd_.get(), 1);
}

bool Taker::stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

void Taker::wait_before_retry() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, delay_, [this] { return stopping_; });
    delay_ = std::min(delay_ * 2, longest_delay);
}

} // namespace netatop
