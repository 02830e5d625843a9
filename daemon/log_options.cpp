// SPDX-License-Identifier: GPL-2.0-only
#include "log_options.h"

#include "accounts.h"
#include "moment.h"

namespace netatop {

namespace {

constexpr const char* usage_text = R"(Usage: netatop-log [OPTION...]
Shows the network counters of exited processes from the log of netatopd.

  -f, --follow           go on with records as they come, until interrupted
  -l, --log FILE         read FILE instead of /run/netatop.log
  -S, --since TIME       what ended at TIME or later: 10:30, "2026-11-27 10:30", -1h, yesterday
  -U, --until TIME       what ended at TIME or before
  -p, --pid PID          this process alone
      --user USER        of this user
  -u, --unit PATTERN     of these units
  -c, --command PATTERN  of this name
      --min-bytes SIZE   at least so many bytes: 4096, 4K, 1M
      --sum-by KEY       what all of them carried together by command, user or unit
  -j, --json             one JSON object a line
      --csv              comma-separated values
  -b, --bytes            all digits of numbers in the table
      --iec              numbers in units of 1024 (the default)
      --si               numbers in units of 1000
      --help             print this and exit
      --version          print the version and exit

netatopd logs only while somebody reads: without --follow, this shows what other
readers, such as atop, made it log.
)";

Error wrong(const std::string& what, const std::string& value) {
    return {what + " '" + value + "' is none; try 'netatop-log --help'", Cause::usage};
}

Error contrary(const std::string& what) {
    return {what + "; try 'netatop-log --help'", Cause::usage};
}

Status take_time(const std::string& text, std::int64_t now, std::optional<std::int64_t>& time) {
    if (text.empty())
        return Done{};
    time = moment(text, now);
    return time ? Status(Done{}) : wrong("the time", text);
}

} // namespace

const char* LogOptions::usage() {
    return usage_text;
}

void LogOptions::add_to(Options& options) {
    options.flag("--follow", follow_, 'f');
    options.value("--log", log_, 'l');
    options.value("--since", since_, 'S');
    options.value("--until", until_, 'U');
    options.value("--pid", pid_, 'p');
    options.value("--user", user_);
    options.value("--unit", unit_, 'u');
    options.value("--command", command_, 'c');
    options.value("--min-bytes", min_bytes_);
    options.value("--sum-by", sum_by_);
    options.flag("--json", json_, 'j');
    options.flag("--csv", csv_);
    options.flag("--bytes", bytes_, 'b');
    options.flag("--iec", iec_);
    options.flag("--si", si_);
}

Status LogOptions::take_filter(std::int64_t now, LogFilter& filter) const {
    constexpr std::uint64_t most_pid = 1U << 22U; // of Linux
    auto timed = take_time(since_, now, filter.since);
    if (timed)
        timed = take_time(until_, now, filter.until);
    if (!timed)
        return timed;
    if (filter.since && filter.until && *filter.since > *filter.until)
        return contrary("--since is later than --until");
    if (!pid_.empty()) {
        const auto pid = number(pid_);
        if (!pid || *pid < 1 || *pid > most_pid)
            return wrong("the process", pid_);
        filter.pid = static_cast<std::uint32_t>(*pid);
    }
    if (!user_.empty()) {
        filter.uid = Accounts::find(user_);
        if (!filter.uid)
            return wrong("the user", user_);
    }
    if (!min_bytes_.empty()) {
        const auto least = size(min_bytes_);
        if (!least)
            return wrong("the size", min_bytes_);
        filter.min_bytes = *least;
    }
    filter.unit = unit_;
    filter.command = command_;
    return Done{};
}

Status LogOptions::take_style(LogStyle& style) const {
    if (json_ && csv_)
        return contrary("--json or --csv, not both");
    if ((bytes_ && iec_) || (bytes_ && si_) || (iec_ && si_))
        return contrary("one of --bytes, --iec and --si");
    style.format = json_ ? Format::json : csv_ ? Format::csv : Format::table;
    style.exact = bytes_;
    style.base = si_ ? 1000 : 1024;
    return Done{};
}

Result<LogClient> LogOptions::take(std::int64_t now) const {
    LogClient client;
    client.log_path = log_;
    client.follow = follow_;
    auto taken = take_filter(now, client.filter);
    if (taken)
        taken = take_style(client.style);
    if (!taken)
        return taken.error();
    if (!sum_by_.empty()) {
        client.sum_by = sum_by(sum_by_);
        if (!client.sum_by)
            return wrong("the key", sum_by_);
        if (follow_)
            return contrary("--sum-by adds up what is there: it does not go with --follow");
    }
    return client;
}

} // namespace netatop
