// SPDX-License-Identifier: GPL-2.0-only
#include "printer.h"

#include "moment.h"
#include "text.h"
#include "workload.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace netatop {

namespace {

using ColumnKind = Column::Kind;

// Of the table, without the last column, which is as wide as it happens to be.
struct Place {
    std::size_t width;
    bool to_the_right;
};
constexpr std::array<Place, 10> places{{{25, false},
                                        {25, false},
                                        {7, true},
                                        {8, false},
                                        {NETATOP_COMMAND_LEN - 1, false},
                                        {8, true},
                                        {8, true},
                                        {7, true},
                                        {7, true},
                                        {8, true}}};
using Cells = std::array<std::string, places.size()>;

std::string joined(const Cells& cells, const std::string& last) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const auto& text = cells.at(i);
        const auto& place = places.at(i);
        if (place.to_the_right)
            line += std::string(place.width - std::min(place.width, width(text)), ' ') + text;
        else
            line += fitted(text, std::max(place.width, i < 2 ? width(text) : 0));
        line += ' ';
    }
    return line + last + '\n';
}

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : harmless(text);
}

std::vector<Column> columns() {
    std::vector<Column> all;
    for (const char* name : {"exited", "pid", "parent", "name", "started", "uid", "user", "cgroup",
                             "path", "unit", "container", "pod", "netns"})
        all.push_back({name, "", ColumnKind::text});
    add_counter_columns(all);
    return all;
}

bool of_loopback(const NamedCounter& counter) {
    return std::string_view(counter.name).substr(0, 3) == "lo_";
}

} // namespace

Cell text_or_nothing(const std::string& text) {
    return text.empty() ? Cell() : Cell(text);
}

void add_counter_columns(std::vector<Column>& columns) {
    for (const auto& counter : named_counters)
        columns.push_back({counter.name, "", ColumnKind::number});
}

void add_counters(Row& row, const Counters& counters, bool has_loopback) {
    for (const auto& counter : named_counters)
        row.push_back(has_loopback || !of_loopback(counter) ? Cell(counter.of(counters)) : Cell());
}

Printer::Printer(const LogStyle& style) : style_(style), writer_(style.format, columns()) {}

std::string Printer::head() const {
    if (style_.format != Format::table)
        return writer_.begin();
    return joined({"EXITED", "STARTED", "PID", "USER", "NAME", "SENT", "RECEIVED", "SNDPKT",
                   "RCVPKT", "LOOPBACK"},
                  "UNIT");
}

std::string Printer::line(const Ended& process) {
    return style_.format == Format::table ? table_line(process) : writer_.rows({row(process)}, {});
}

std::string Printer::table_line(const Ended& process) {
    const auto number = [&](std::uint64_t value) {
        return style_.exact ? std::to_string(value) : short_number(value, style_.base);
    };
    const Counters& all = process.counters;
    const std::uint64_t loopback = all.all().bytes - all.without_loopback().all().bytes;
    return joined(
        {process.exited ? date_text(*process.exited) : "-",
         date_text(static_cast<std::int64_t>(process.started) * 1000), std::to_string(process.pid),
         process.uid ? or_dash(accounts_.name(*process.uid)) : "-", or_dash(process.name),
         number(all.sent().bytes), number(all.received().bytes), number(all.sent().packets),
         number(all.received().packets), process.has_loopback ? number(loopback) : "-"},
        or_dash(full_unit(workload_of(process.path))));
}

Row Printer::row(const Ended& process) {
    const Workload workload = workload_of(process.path);
    Row row;
    row.push_back(process.exited ? Cell(Milliseconds{*process.exited}) : Cell());
    row.emplace_back(std::uint64_t{process.pid});
    row.push_back(number_or_nothing(process.parent));
    row.emplace_back(process.name);
    row.emplace_back(process.started);
    row.push_back(number_or_nothing(process.uid));
    row.push_back(process.uid ? text_or_nothing(accounts_.name(*process.uid)) : Cell());
    row.push_back(number_or_nothing(process.cgroup));
    for (const auto& text : {process.path, full_unit(workload), workload.container, workload.pod})
        row.push_back(text_or_nothing(text));
    row.push_back(number_or_nothing(process.netns));
    add_counters(row, process.counters, process.has_loopback);
    return row;
}

} // namespace netatop
