// SPDX-License-Identifier: GPL-2.0-only
#include "daemon.h"

#include "exit_log.h"
#include "place.h"
#include "recorder.h"
#include "signals.h"
#include "taker.h"

#include <poll.h>

#include <array>

namespace netatop {

namespace {

// How often a log is looked at that could not be made, or that cannot be watched.
constexpr int check_interval_ms = 5000;

// Will it be better by itself one day?
bool passes(const Error& error) {
    switch (error.code) {
    case EROFS:
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EIO:
        return true;
    default:
        return false;
    }
}

Status serve(const Signals& signals, Taker& taker, Recorder& recorder) {
    std::array<pollfd, 3> events{
        {{signals.fd(), POLLIN, 0}, {taker.ended_fd(), POLLIN, 0}, {recorder.log_fd(), POLLIN, 0}}};
    for (;;) {
        const int timeout = recorder.check() ? -1 : check_interval_ms;
        if (::poll(events.data(), events.size(), timeout) < 0 && errno != EINTR)
            return system_error("cannot wait for events");
        if (const auto failure = taker.failure())
            return *failure;
        for (auto kind = signals.next(); kind != Signals::Kind::none; kind = signals.next())
            if (kind == Signals::Kind::end)
                return Done{};
    }
}

} // namespace

Status run_daemon(const Config& config, ExitSource& source, Files& files, Messages& messages,
                  const Notify& notify) {
    const auto signals = Signals::block();
    if (!signals)
        return signals.error();
    auto place = Place::find(config.log_path);
    if (!place)
        return place.error();
    ExitLog log(std::move(*place), ::getpid(), files);
    auto checked = log.check();
    if (!checked && !passes(checked.error()))
        return checked;
    Taker taker(source, messages, notify);
    auto ended = taker.start();
    if (!ended)
        return ended;

    // From here on clients count on this daemon.
    const auto semaphores = Semaphores::claim(config.key);
    if (!semaphores)
        return semaphores.error();
    Recorder recorder(log, *semaphores, messages);
    ended = recorder.open();
    if (ended || passes(ended.error())) {
        if (!ended)
            messages.problem(Topic::log, Level::warning, ended.error().text);
        taker.go(recorder);
        notify.ready();
        ended = serve(*signals, taker, recorder);
    }
    notify.stopping();
    taker.stop();
    recorder.close();
    return ended;
}

void disown_log(const Config& config) {
    const auto semaphores = Semaphores::find(config.key);
    const auto place = Place::find(config.log_path);
    if (!semaphores || !place)
        return;
    const auto running = semaphores->daemon();
    if (running && *running == 0)
        ExitLog::disown(*place);
}

} // namespace netatop
