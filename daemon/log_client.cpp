// SPDX-License-Identifier: GPL-2.0-only
#include "log_client.h"

#include "interrupt.h"
#include "log_reader.h"
#include "output.h"
#include "printer.h"
#include "registration.h"

#include <chrono>
#include <csignal>

namespace netatop {

namespace {

// How late a record may be seen.
constexpr int interval_ms = 100;

// How long a damaged log is borne with: a running daemon looks at it more often than that.
constexpr std::chrono::seconds patience{15};

class Show {
public:
    Show(const LogClient& client, Output& out, std::ostream& notes)
        : client_(client), out_(out), notes_(notes) {}

    Status run();

private:
    Result<bool> register_client();
    Result<bool> show_present(LogReader& reader);
    Result<bool> show_new(LogReader& reader);
    Result<bool> show(const netpertask& task, Seen exited);
    Status follow(LogReader& reader);
    Status bear_with(const Error& damage);
    void tell_daemon();

    const LogClient& client_;
    Output& out_;
    std::ostream& notes_;
    std::optional<Registration> registration_;
    bool was_running_ = true;
    std::optional<std::chrono::steady_clock::time_point> damaged_since_;
};

Error without_daemon() {
    return {"netatopd does not run: start it with `systemctl start netatopd`", Cause::no_daemon};
}

Status Show::run() {
    // A log whose daemon is gone, a copy for example, is read as any file.
    auto saved = LogReader::open(client_.log_path);
    const bool alone = !client_.follow && saved && !saved->has_daemon();
    if (!alone) {
        const auto registered = register_client();
        if (!registered)
            return registered.error();
        if (!*registered)
            return Done{};
        if (registration_->daemon() == 0)
            return without_daemon();
        saved = LogReader::open(client_.log_path); // there may be another by now
    }
    if (!saved)
        return saved.error();
    LogReader& reader = *saved;
    const bool none = reader.waiting() == 0;
    auto wanted = show_present(reader);
    if (!wanted)
        return wanted.error();
    if (!*wanted)
        return Done{};
    if (client_.follow)
        return follow(reader);
    if (none)
        notes_ << "no records: netatopd logs only while somebody reads; try --follow\n";
    return Done{};
}

// False when a signal came while all places were taken.
Result<bool> Show::register_client() {
    for (;;) {
        auto joined = Registration::join(client_.key);
        if (!joined)
            return joined.error();
        if (*joined) {
            registration_.emplace(std::move(**joined));
            return true;
        }
        auto wanted = out_.pause(interval_ms);
        if (!wanted || !*wanted)
            return wanted;
    }
}

// As many records as there are at the beginning.
Result<bool> Show::show_present(LogReader& reader) {
    if (!client_.json) {
        auto wanted = out_.write(table_head());
        if (!wanted || !*wanted)
            return wanted;
    }
    for (auto count = reader.waiting(); count > 0; --count) {
        const auto record = reader.next();
        if (!record && client_.follow)
            break; // said and borne with while it follows
        if (!record)
            return record.error();
        if (!*record)
            break;
        auto wanted = show(**record, std::nullopt);
        if (!wanted || !*wanted)
            return wanted;
    }
    return out_.flush();
}

Result<bool> Show::show(const netpertask& task, Seen exited) {
    return out_.write(client_.json ? json_row(task, exited) : table_row(task, exited));
}

Result<bool> Show::show_new(LogReader& reader) {
    const auto now = std::chrono::system_clock::now();
    for (;;) {
        const auto record = reader.next();
        if (!record) {
            const auto borne = bear_with(record.error());
            if (!borne)
                return borne.error();
            break;
        }
        damaged_since_.reset();
        if (!*record)
            break;
        auto wanted = show(**record, now);
        if (!wanted || !*wanted)
            return wanted;
    }
    return out_.flush();
}

Status Show::follow(LogReader& reader) {
    for (;;) {
        auto wanted = out_.pause(interval_ms);
        if (wanted && *wanted)
            wanted = show_new(reader);
        if (!wanted)
            return wanted.error();
        if (!*wanted)
            return Done{};
        registration_->renew();
        tell_daemon();
    }
}

// The daemon replaces a log that it sees damaged, the next daemon one that it finds.
Status Show::bear_with(const Error& damage) {
    const auto now = std::chrono::steady_clock::now();
    if (!damaged_since_) {
        damaged_since_ = now;
        notes_ << damage.text << ": waiting for another\n" << std::flush;
        registration_->wake_daemon();
    }
    if (!was_running_)
        damaged_since_ = now;
    return now - *damaged_since_ < patience ? Status(Done{}) : damage;
}

void Show::tell_daemon() {
    const bool running = registration_->daemon() != 0;
    if (running != was_running_)
        notes_ << (running ? "netatopd runs again\n" : "netatopd has ended: waiting for it\n")
               << std::flush;
    was_running_ = running;
}

} // namespace

Status show_log(const LogClient& client, int out, std::ostream& notes) {
    const auto interrupt = Interrupt::install();
    if (!interrupt)
        return interrupt.error();
    (void)std::signal(SIGPIPE, SIG_IGN); // the write itself tells
    Output output(out, *interrupt);
    return Show(client, output, notes).run();
}

} // namespace netatop
