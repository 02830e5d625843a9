// SPDX-License-Identifier: GPL-2.0-only
#include "recorder.h"

namespace netatop {

Recorder::Recorder(ExitLog& log, Semaphores semaphores, Messages& messages)
    : log_(log), semaphores_(semaphores), messages_(messages) {}

void Recorder::record(const netpertask& task) {
    const std::lock_guard lock(mutex_);
    if (clients() == 0) {
        if (log_.count() > 0)
            replace_log();
        return;
    }
    const auto record = encode(task);
    const Status done = record ? log_.append(*record) : record.error();
    if (!done)
        messages_.say_sometimes(Topic::log, Level::warning,
                                done.error().text + "; records are skipped");
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
    log_.remove();
    semaphores_.release();
}

int Recorder::clients() {
    const auto clients = semaphores_.clients();
    if (clients)
        return *clients;

    const auto again = Semaphores::claim(semaphores_.key());
    if (!again) {
        messages_.say_sometimes(Topic::semaphores, Level::error,
                                clients.error().text + "; " + again.error().text);
        return 0;
    }
    semaphores_ = *again;
    messages_.say_sometimes(Topic::semaphores, Level::warning,
                            "somebody removed the semaphore set: made it again; restart atop");
    return 0;
}

void Recorder::replace_log() {
    const auto replaced = log_.replace();
    if (!replaced)
        messages_.say_sometimes(Topic::log, Level::warning, replaced.error().text);
}

} // namespace netatop
