// SPDX-License-Identifier: GPL-2.0-only
#include "families.h"

#include <array>
#include <memory>
#include <utility>

namespace netatop {

namespace {

// One flow of both scopes. What went over loopback is part of the sum in Counters.
struct Direction {
    const char* name; // as in node_network_receive_bytes_total
    const char* verb;
    Flow Counters::*tcp;
    Flow Counters::*udp;
    Flow Counters::*loopback_tcp;
    Flow Counters::*loopback_udp;
};
constexpr std::array<Direction, 2> directions{{
    {"receive", "received", &Counters::tcp_received, &Counters::udp_received,
     &Counters::loopback_tcp_received, &Counters::loopback_udp_received},
    {"transmit", "sent", &Counters::tcp_sent, &Counters::udp_sent, &Counters::loopback_tcp_sent,
     &Counters::loopback_udp_sent},
}};

struct Quantity {
    const char* name;
    std::uint64_t Flow::*value;
};
constexpr std::array<Quantity, 2> quantities{
    {{"bytes", &Flow::bytes}, {"packets", &Flow::packets}}};

struct Row {
    std::shared_ptr<const LabelText> who;
    const Counters* counters;
    bool zeros = false; // tell also what is nothing yet

    Row(LabelText labels, const Counters* of, bool with_zeros = false)
        : Row(std::make_shared<const LabelText>(std::move(labels)), of, with_zeros) {}
    Row(std::shared_ptr<const LabelText> labels, const Counters* of, bool with_zeros = false)
        : who(std::move(labels)), counters(of), zeros(with_zeros) {}
};

// Adds what was carried by protocol and scope.
void add(Exposition& to, const Row& row, const Direction& direction, const Quantity& quantity) {
    const auto add_one = [&](const LabelText& what, std::uint64_t value) {
        if (value != 0 || row.zeros)
            to.add(*row.who, what, value);
    };
    static const std::array<LabelText, 4> kinds{
        LabelText({{"protocol", "tcp"}, {"scope", "wire"}}),
        LabelText({{"protocol", "tcp"}, {"scope", "loopback"}}),
        LabelText({{"protocol", "udp"}, {"scope", "wire"}}),
        LabelText({{"protocol", "udp"}, {"scope", "loopback"}})};
    const auto of = [&](Flow Counters::*flow) { return row.counters->*flow.*quantity.value; };
    const auto tcp_loopback = of(direction.loopback_tcp);
    add_one(kinds[0], rest(of(direction.tcp), tcp_loopback));
    add_one(kinds[1], tcp_loopback);
    const auto udp_loopback = of(direction.loopback_udp);
    add_one(kinds[2], rest(of(direction.udp), udp_loopback));
    add_one(kinds[3], udp_loopback);
}

// Four families of counters, each with the same rows.
void add_traffic(Exposition& to, const std::string& prefix, const std::string& of_whom,
                 const std::vector<Row>& rows) {
    for (const auto& direction : directions) {
        for (const auto& quantity : quantities) {
            to.counter(prefix + '_' + direction.name + '_' + quantity.name,
                       std::string(quantity.name) + ' ' + direction.verb + of_whom, quantity.name);
            for (const auto& row : rows)
                add(to, row, direction, quantity);
        }
    }
}

// One who remembers tells slices and classes from the first exposition on, so that an engine sees
// how their first packets make them grow.
bool tells_zeros(const Account& account) {
    return account.upkeep.has_value();
}

std::vector<Row> rows_of_classes(const Account& account, bool with_gone) {
    const Total& total = account.total;
    const bool zeros = tells_zeros(account);
    const auto row_of = [&](const char* name, const Counters& counters) {
        return Row(LabelText({{"class", name}}), &counters, zeros);
    };
    std::vector<Row> rows{row_of("kernel", total.kernel), row_of("nosocket", total.nosocket),
                          row_of("overflow", total.overflow)};
    if (with_gone)
        rows.push_back(row_of("gone", total.gone));
    return rows;
}

void add_classes(std::vector<Row>& to, const Account& account, bool with_gone) {
    for (auto& row : rows_of_classes(account, with_gone))
        to.push_back(std::move(row));
}

void add_shares(Exposition& to, const Account& account) {
    std::vector<Row> rows;
    rows.reserve(account.shares.units.size() + account.shares.slices.size());
    for (const auto& [name, counters] : account.shares.slices)
        rows.emplace_back(LabelText({{"slice", name}}), &counters, tells_zeros(account));
    add_classes(rows, account, false);
    add_traffic(
        to, "netatop_slice",
        " by the tasks of a top-level slice, those that ended included, or by no task (class); "
        "all series of this family are all traffic that is settled",
        rows);
    rows.clear();
    for (const auto& share : account.shares.units)
        rows.emplace_back(share.labels ? share.labels : labels_of(share), &share.counters);
    // Who remembers also tells what no unit carried.
    if (account.upkeep)
        add_classes(rows, account, false);
    add_traffic(to, "netatop_unit",
                account.upkeep ? " by a unit or container, or in a slice by none, or by no task "
                                 "(class); all series of this family are all traffic that is "
                                 "settled, but for those of units that vanished"
                               : " by a unit or container that runs",
                rows);
    to.gauge("netatop_units_left_out", "units and containers for which there was no room");
    to.add({}, account.shares.left_out);
    if (!account.upkeep) {
        to.gauge("netatop_units_transient",
                 "units named by programs that are there; what they carried is in their slice");
        to.add({}, account.shares.transient);
    }
    add_traffic(to, "netatop_class", " by no task that lives", rows_of_classes(account, true));
}

void add_commands(Exposition& to, const Account& account) {
    if (!account.upkeep)
        return;
    std::vector<Row> rows;
    rows.reserve(account.commands.size());
    for (const auto& command : account.commands)
        rows.emplace_back(LabelText({{"command", command.name}}), &command.counters);
    add_classes(rows, account, true);
    add_traffic(to, "netatop_command",
                " by all processes of a name, those that exited included, or by none (class); all "
                "series of this family are all traffic that is settled",
                rows);
}

void add_upkeep(Exposition& to, const Upkeep& upkeep) {
    to.gauge("process_start_time_seconds", "when this exporter began, since when all is counted",
             "seconds");
    to.add_milliseconds({}, upkeep.began_ms);
    to.counter("process_cpu_seconds", "processor time of this exporter", "seconds");
    to.add_milliseconds({}, upkeep.cpu_ms);
    to.gauge("process_resident_memory_bytes", "its memory", "bytes");
    to.add({}, upkeep.resident_bytes);
    to.gauge("process_open_fds", "its open files");
    to.add({}, upkeep.open_files);
    to.counter("netatop_exporter_scrapes", "expositions that were asked for");
    to.add({}, upkeep.scrapes);
    to.counter("netatop_exporter_failed_looks", "how often the module did not answer");
    to.add({}, upkeep.failed_looks);
    to.counter("netatop_exporter_overruns",
               "how often more processes or cgroups ended at once than were heard of");
    to.add({}, upkeep.overruns);
}

// What can become less, when it becomes somebody's.
void add_unsettled(Exposition& to, const Account& account) {
    for (const auto& direction : directions) {
        to.gauge(std::string("netatop_unsettled_") + direction.name + "_bytes",
                 std::string("bytes ") + direction.verb +
                     " that are in no slice and no class yet: their socket has no owner, or their "
                     "cgroup is not known",
                 "bytes");
        for (const auto& [state, counters] : {std::pair{"waiting", &account.shares.waiting},
                                              std::pair{"nocgroup", &account.total.nocgroup}})
            add(to, Row(LabelText({{"state", state}}), counters), direction, quantities[0]);
    }
}

void add_tables(Exposition& to, const Account& account) {
    const Total& total = account.total;
    struct Table {
        const char* name = nullptr;
        std::uint64_t entries = 0;
        std::uint64_t overflows = 0;
        std::optional<std::uint64_t> most;
    };
    const std::array<Table, 3> tables{
        {{"sockets", total.sockets, total.socket_overflows, account.most_sockets},
         {"tasks", total.tasks, total.task_overflows, account.most_tasks},
         {"cgroups", total.cgroups, total.cgroup_overflows, account.most_cgroups}}};
    to.gauge("netatop_table_entries", "entries in use of a table of the module");
    for (const auto& table : tables)
        to.add({{"table", table.name}}, table.entries);
    to.gauge("netatop_table_limit", "most entries of that table");
    for (const auto& table : tables)
        if (table.most)
            to.add({{"table", table.name}}, *table.most);
    to.counter("netatop_table_overflows", "how often that table had no room");
    for (const auto& table : tables)
        to.add({{"table", table.name}}, table.overflows);
}

void add_state(Exposition& to, const Account& account) {
    const Total& total = account.total;
    to.gauge("netatop_sockets_without_owner", "sockets whose owner is not known");
    to.add({}, total.unowned);
    to.counter("netatop_walks", "searches for owners of sockets");
    to.add({}, total.walks);
    to.counter("netatop_walk_descriptors", "descriptors that these looked at");
    to.add({}, total.walk_descriptors);
    to.gauge("netatop_exit_records", "exited processes that wait for a reader, as netatopd");
    to.add({}, total.records);
    to.counter("netatop_exit_records_dropped", "those that were dropped because nobody read them");
    to.add({}, total.records_dropped);
    to.gauge("netatop_accounting_enabled", "1 while packets are counted");
    to.add({}, total.accounting);
    to.counter("netatop_accounting_pauses", "how often that was switched off");
    to.add({}, total.pauses);
    to.counter("netatop_accounting_paused_seconds", "for how long in all", "seconds");
    to.add_milliseconds({}, static_cast<std::int64_t>(total.paused_ms));
    to.gauge("netatop_loaded_timestamp_seconds",
             "when the module was loaded, since when all is counted", "seconds");
    to.add_milliseconds({}, account.loaded_ms);
    to.gauge("netatop_export_duration_seconds", "how long it took to gather all this", "seconds");
    to.add_milliseconds({}, account.took_ms);
    to.info("netatop_build", "versions of the program and of the loaded module",
            {{"version", NETATOP_VERSION}, {"module_version", account.module_version}});
}

} // namespace

std::shared_ptr<const LabelText> labels_of(const Share& share) {
    return std::make_shared<const LabelText>(LabelText({{"slice", share.slice},
                                                        {"unit", share.unit},
                                                        {"container", share.container},
                                                        {"runtime", share.engine}}));
}

std::string exposition_of(const Account& account, Dialect dialect, std::size_t size) {
    Exposition exposition(dialect, size);
    add_shares(exposition, account);
    add_commands(exposition, account);
    add_unsettled(exposition, account);
    add_tables(exposition, account);
    add_state(exposition, account);
    if (account.upkeep)
        add_upkeep(exposition, *account.upkeep);
    return exposition.finish();
}

} // namespace netatop
