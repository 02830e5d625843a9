// SPDX-License-Identifier: GPL-2.0-only
#include "log_client.h"

#include "ended.h"
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
        : client_(client), out_(out), notes_(notes), printer_(client.style) {
        if (client.sum_by)
            sums_.emplace(*client.sum_by);
    }

    Status run();

private:
    Result<bool> register_client();
    Result<bool> join(const LogReader& reader);
    Result<bool> show_present(LogReader& reader);
    Result<bool> show_new(LogReader& reader);
    Result<bool> show(const LogRecord& record, std::optional<std::int64_t> seen);
    Status follow(LogReader& reader);
    Status bear_with(const Error& damage);
    void tell_daemon();
    [[nodiscard]] bool is_over() const;

    const LogClient& client_;
    Output& out_;
    std::ostream& notes_;
    Printer printer_;
    std::optional<LogSums> sums_;
    std::uint64_t taken_ = 0;                  // records that the filter takes
    std::optional<Registration> registration_; // none while no daemon writes the log
    pid_t gone_ = 0;                           // the daemon that wrote it
    bool was_running_ = true;
    std::optional<std::chrono::steady_clock::time_point> damaged_since_;
};

Error without_daemon() {
    return {"netatopd does not run: start it with `systemctl start netatopd`", Cause::no_daemon};
}

Status Show::run() {
    // A log whose daemon is gone, a copy for example, is read as any file.
    auto saved = LogReader::open(client_.log_path);
    if (!saved || saved->has_daemon()) {
        const auto registered = register_client();
        if (!registered)
            return registered.error();
        if (!*registered)
            return Done{};
        if (registration_->daemon() == 0)
            return without_daemon();
        saved = LogReader::open(client_.log_path); // there may be another by now
    } else if (client_.follow) {
        gone_ = saved->daemon();
        notes_ << "no daemon writes " << client_.log_path << ": following it as it is\n"
               << std::flush;
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
    else if (taken_ == 0)
        notes_ << "no record is one of those asked for\n";
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

// A log that had no daemon names one now: it must know of its reader.
Result<bool> Show::join(const LogReader& reader) {
    if (registration_ || reader.daemon() == gone_ || !reader.has_daemon())
        return true;
    return register_client();
}

// As many records as there are at the beginning.
Result<bool> Show::show_present(LogReader& reader) {
    if (!sums_) {
        auto wanted = out_.write(printer_.head());
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
    if (sums_) {
        auto wanted = out_.write(sums_->text(client_.style));
        if (!wanted || !*wanted)
            return wanted;
    }
    return out_.flush();
}

Result<bool> Show::show(const LogRecord& record, std::optional<std::int64_t> seen) {
    const Ended process = ended(record, seen);
    if (!client_.filter.takes(process))
        return true;
    ++taken_;
    if (!sums_)
        return out_.write(printer_.line(process));
    sums_->add(process);
    return true;
}

// Will nothing that comes be taken any more?
bool Show::is_over() const {
    return client_.filter.until && present_ms() > *client_.filter.until;
}

Result<bool> Show::show_new(LogReader& reader) {
    // What a file without a daemon holds ended at some other time.
    const auto now = registration_ ? std::optional(present_ms()) : std::nullopt;
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
            wanted = join(reader);
        if (wanted && *wanted)
            wanted = show_new(reader);
        if (!wanted)
            return wanted.error();
        if (!*wanted || is_over())
            return Done{};
        if (!registration_)
            continue;
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
        if (registration_)
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

std::int64_t present_ms() {
    using std::chrono::milliseconds;
    return std::chrono::duration_cast<milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Status show_log(const LogClient& client, int out, std::ostream& notes) {
    const auto interrupt = Interrupt::install();
    if (!interrupt)
        return interrupt.error();
    (void)std::signal(SIGPIPE, SIG_IGN); // the write itself tells
    Output output(out, *interrupt);
    return Show(client, output, notes).run();
}

} // namespace netatop
