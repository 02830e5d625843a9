// SPDX-License-Identifier: GPL-2.0-only
#include "live.h"

#include "details.h"
#include "feed.h"
#include "given.h"
#include "interrupt.h"
#include "names.h"
#include "screen.h"
#include "view.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>

namespace netatop {

namespace {

using Clock = std::chrono::steady_clock;

// A first sample knows no rates yet, so that the second one comes soon.
constexpr std::chrono::milliseconds soon{1000};

class Live {
public:
    Live(Feed& feed, DetailsReader& details, const Lookup* names, View& view, const Screen& screen,
         const Interrupt& interrupt, int interval_ms)
        : feed_(feed), details_(details), names_(names), view_(view), screen_(screen),
          interrupt_(interrupt), interval_(interval_ms),
          due_(Clock::now() + std::min(interval_, soon)) {}

    // Until somebody ends it, or the terminal is gone.
    Status run();

private:
    void take(Result<Sample> sample);
    void read_details();
    bool read_keys();
    Result<bool> wait();

    Feed& feed_;
    DetailsReader& details_;
    const Lookup* names_;
    View& view_;
    const Screen& screen_;
    const Interrupt& interrupt_;
    std::chrono::milliseconds interval_;
    Clock::time_point due_;
};

// What cannot be read now, for the module is being replaced perhaps, can be later.
void Live::take(Result<Sample> sample) {
    const bool first = sample && sample->interval_ms == 0;
    due_ = Clock::now() + (first ? std::min(interval_, soon) : interval_);
    if (sample)
        view_.take(*std::move(sample));
    else
        view_.say(sample.error().text);
    read_details();
}

void Live::read_details() {
    if (view_.detailed() == nullptr)
        return;
    auto details = details_.read(view_.kind(), *view_.detailed());
    if (details)
        view_.take(*std::move(details));
    else
        view_.say(details.error().text);
}

// False when it shall end.
bool Live::read_keys() {
    while (const auto key = Screen::read()) {
        switch (view_.key(*key)) {
        case View::Wish::quit:
            return false;
        case View::Wish::show: {
            const auto due = due_;
            take(feed_.show(view_.kind()));
            if (view_.sample().interval_ms != 0) // no new one
                due_ = due;
            break;
        }
        case View::Wish::sample:
            take(feed_.take(view_.kind()));
            break;
        case View::Wish::details:
            read_details();
            break;
        default:
            break;
        }
    }
    return true;
}

// Until there is a key, an answer or a sample is due; false when the terminal is gone. A pause
// needs no samples, and no waking up.
Result<bool> Live::wait() {
    using std::chrono::milliseconds;
    const auto left = std::chrono::duration_cast<milliseconds>(due_ - Clock::now()).count() + 1;
    std::array<pollfd, 3> events{{{STDIN_FILENO, POLLIN, 0},
                                  {details_.commands().fd(), POLLIN, 0},
                                  {names_ == nullptr ? -1 : names_->fd(), POLLIN, 0}}};
    const int limit = view_.paused() ? -1 : static_cast<int>(std::max<std::int64_t>(left, 0));
    if (const auto waited = interrupt_.wait(events.data(), events.size(), limit); !waited)
        return waited.error();
    if (events[1].revents != 0) {
        details_.commands().settle();
        read_details();
    }
    if (events[2].revents != 0) {
        names_->settle();
        view_.take_names(); // and the screen is drawn
    }
    return (events[0].revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
}

Status Live::run() {
    while (!interrupt_.happened()) {
        if (!view_.paused() && Clock::now() >= due_)
            take(feed_.take(view_.kind()));
        screen_.draw(page(view_, Screen::height(), Screen::width()));
        const auto there = wait();
        if (!there)
            return there.error();
        if (!*there || !read_keys())
            break;
    }
    return Done{};
}

// ncurses' handlers of these signals come only where the program waits. What they are to interrupt
// else is not made for that.
Status hold_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTSTP);
    sigaddset(&signals, SIGWINCH);
    return ::pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0
               ? Status(Done{})
               : Status(system_error("cannot block signals"));
}

Status live(const std::string& given, bool with_names) {
    int interval_ms = 1000;
    if (!given.empty()) {
        const auto milliseconds = interval(given);
        if (!milliseconds)
            return Error{"the interval '" + given + "' is none; try 'netatop --help'",
                         Cause::usage};
        interval_ms = *milliseconds;
    }
    const auto interrupt = Interrupt::install();
    if (!interrupt)
        return interrupt.error();
    Feed feed;
    auto details = DetailsReader::make();
    if (!details)
        return details.error();
    auto names = names_of_addresses();
    if (!names)
        return names.error();
    Lookup* wanted_names = with_names ? &*names : nullptr;
    View view;
    view.use_names(wanted_names);
    auto first = feed.take(view.kind()); // what is wrong is said before the screen is taken
    if (!first)
        return first.error();
    view.take(*std::move(first));
    if (!sees_all())
        view.say("only what is wholly yours is shown; be root to see all");
    if (const auto held = hold_signals(); !held)
        return held.error();
    auto screen = Screen::open();
    if (!screen)
        return screen.error();
    return Live(feed, *details, wanted_names, view, *screen, *interrupt, interval_ms).run();
}

} // namespace

bool on_terminal() {
    return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

int live_command(const std::string& interval, bool names) {
    return exit_status(live(interval, names));
}

} // namespace netatop
