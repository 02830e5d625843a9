// SPDX-License-Identifier: GPL-2.0-only
#include "recorder.h"

namespace netatop {

Recorder::Recorder(ExitLog& log, Semaphores semaphores, Messages& messages)
    : log_(log), semaphores_(semaphores), messages_(messages) {}

Status Recorder::open() {
    const std::lock_guard lock(mutex_);
    return log_.open();
}

void Recorder::record(LogRecord record) {
    const std::lock_guard lock(mutex_);
    if (clients() == 0) {
        if (log_.count() > 0)
            replace_log();
        return;
    }
    if (record.tail.cgroup != 0)
        paths_.put(record.tail);
    const auto encoded = encode(record);
    const Status done = encoded ? log_.append(*encoded) : encoded.error();
    tell(done, "; records are skipped");
}

bool Recorder::check() {
    const std::lock_guard lock(mutex_);
    log_.watch().drain();
    if (!log_.intact() || (log_.count() > 0 && clients() == 0))
        replace_log();
    return log_.intact() && log_.watch().follows();
}

void Recorder::close() {
    const std::lock_guard lock(mutex_);
    const auto clients = semaphores_.clients();
    if (clients && *clients > 0)
        log_.leave();
    else
        log_.remove();
    semaphores_.release();
}

int Recorder::clients() {
    const auto clients = semaphores_.clients();
    if (clients)
        return *clients;

    const auto again = Semaphores::claim(semaphores_.key());
    if (!again) {
        messages_.problem(Topic::semaphores, Level::error,
                          clients.error().text + "; " + again.error().text);
        return 0;
    }
    semaphores_ = *again;
    messages_.say(Level::warning,
                  "somebody removed the semaphore set: made it again; restart atop");
    return 0;
}

void Recorder::replace_log() {
    tell(log_.replace(), "");
}

void Recorder::tell(const Status& done, const char* consequence) {
    if (done)
        messages_.solved(Topic::log, Level::notice, "records are logged again");
    else
        messages_.problem(Topic::log, Level::warning, done.error().text + consequence);
}

} // namespace netatop
