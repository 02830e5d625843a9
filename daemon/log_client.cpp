// SPDX-License-Identifier: GPL-2.0-only
#include "log_client.h"

#include "log_reader.h"
#include "printer.h"
#include "registration.h"
#include "signals.h"

#include <poll.h>

namespace netatop {

namespace {

// How late a record may be seen.
constexpr int interval_ms = 100;

// Shows the records that are there, and says how many.
Result<int> show_records(const LogClient& client, LogReader& reader, Seen exited,
                         std::ostream& out) {
    int count = 0;
    for (;; ++count) {
        const auto record = reader.next();
        if (!record)
            return record.error();
        if (!*record)
            break;
        out << (client.json ? json_row(**record, exited) : table_row(**record, exited));
    }
    if (!out.flush())
        return Error{"cannot write the output"};
    return count;
}

Status follow(const LogClient& client, const Signals& signals, const Registration& registration,
              LogReader& reader, std::ostream& out, std::ostream& notes) {
    bool was_running = true;
    for (;;) {
        pollfd event{signals.fd(), POLLIN, 0};
        if (::poll(&event, 1, interval_ms) < 0 && errno != EINTR)
            return system_error("cannot wait for records");
        if (signals.next() != Signals::Kind::none)
            return Done{};
        const auto shown = show_records(client, reader, std::chrono::system_clock::now(), out);
        if (!shown)
            return shown.error();
        const bool running = registration.daemon() != 0;
        if (running != was_running)
            notes << (running ? "netatopd runs again\n" : "netatopd has ended: waiting for it\n")
                  << std::flush;
        was_running = running;
    }
}

} // namespace

Status show_log(const LogClient& client, std::ostream& out, std::ostream& notes) {
    const auto signals = Signals::block();
    if (!signals)
        return signals.error();
    const auto registration = Registration::join(client.key);
    if (!registration)
        return registration.error();
    if (registration->daemon() == 0)
        return Error{"netatopd does not run: start it with `systemctl start netatopd`",
                     Cause::no_daemon};
    auto reader = LogReader::open(client.log_path);
    if (!reader)
        return reader.error();

    if (!client.json)
        out << table_head();
    const auto shown = show_records(client, *reader, std::nullopt, out);
    if (!shown)
        return shown.error();
    if (!client.follow && *shown == 0)
        notes << "no records: netatopd logs only while somebody reads; try --follow\n";
    if (!client.follow)
        return Done{};
    return follow(client, *signals, *registration, *reader, out, notes);
}

} // namespace netatop
