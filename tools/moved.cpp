// SPDX-License-Identifier: GPL-2.0-only
#include "moved.h"

#include "json.h"
#include "rows.h"
#include "text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace netatop {

namespace {

using NamedMoved = std::pair<std::string, Moved>;

// Who moved most comes first.
std::vector<NamedMoved> sorted(const std::map<std::string, Moved>& by_name) {
    std::vector<NamedMoved> all(by_name.begin(), by_name.end());
    std::stable_sort(all.begin(), all.end(), [](const NamedMoved& a, const NamedMoved& b) {
        return a.second.counters.all().bytes > b.second.counters.all().bytes;
    });
    return all;
}

JsonObject& with(JsonObject& object, const Moved& moved) {
    object.number("processes", std::uint64_t{moved.processes})
        .number("running", std::uint64_t{moved.running});
    for (const auto& counter : named_counters)
        object.number(counter.name, counter.of(moved.counters));
    return object;
}

std::string objects(const MovedByJob& moved) {
    std::string lines;
    for (const auto& [name, of_name] : sorted(moved.by_name)) {
        JsonObject object;
        object.text("of", "program").text("name", name);
        lines += with(object, of_name).line();
    }
    JsonObject object;
    object.text("of", "all")
        .text("command", moved.command)
        .number("status", std::int64_t{moved.status})
        .milliseconds("took", moved.took_ms)
        .truth("complete", moved.complete && moved.unclear == 0)
        .number("unclear", std::uint64_t{moved.unclear});
    return lines + with(object, moved.all).line();
}

std::string count_of(std::size_t count, const std::string& one, const std::string& many) {
    return count == 0 ? "no " + one : std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string first_line(const MovedByJob& moved) {
    std::array<char, 32> seconds{};
    (void)std::snprintf(seconds.data(), seconds.size(), "%lld.%01lld s",
                        static_cast<long long>(moved.took_ms / 1000),
                        static_cast<long long>(moved.took_ms % 1000 / 100));
    std::string line = "netatop: " + harmless(moved.command) + ": " + seconds.data() + ", " +
                       count_of(moved.all.processes, "process", "processes") +
                       " with network traffic";
    if (moved.all.running != 0)
        line += ", " + std::to_string(moved.all.running) + " still running";
    line += '\n';
    if (!moved.complete)
        line += "netatop: something was lost: it moved more than this\n";
    if (moved.unclear != 0)
        line += "netatop: " +
                count_of(moved.unclear, "process that ended is", "processes that ended are") +
                " left out, of which nothing tells who started it\n";
    return line;
}

// The protocols below the programs, so that both add up to the same.
std::string tables(const MovedByJob& moved, const TableStyle& style) {
    using Kind = Column::Kind;
    const std::vector<Column> columns{
        {"", "NAME", Kind::text},      {"", "PROCESSES", Kind::number},
        {"", "SENT", Kind::bytes},     {"", "RECEIVED", Kind::bytes},
        {"", "SNDPKT", Kind::packets}, {"", "RCVPKT", Kind::packets}};
    const auto row = [](const std::string& name, const Cell& processes, const Flow& sent,
                        const Flow& received) {
        return Row{name, processes, sent.bytes, received.bytes, sent.packets, received.packets};
    };
    std::vector<Row> rows;
    for (const auto& [name, of_name] : sorted(moved.by_name))
        rows.push_back(row(name, std::uint64_t{of_name.processes}, of_name.counters.sent(),
                           of_name.counters.received()));
    const Counters& all = moved.all.counters;
    rows.push_back(row("all TCP", Cell(), all.tcp_sent, all.tcp_received));
    rows.push_back(row("all UDP", Cell(), all.udp_sent, all.udp_received));
    return RowWriter(Format::table, columns).rows(rows, style);
}

} // namespace

std::string text_of(const MovedByJob& moved, const MovedStyle& style) {
    if (style.json)
        return objects(moved);
    TableStyle table;
    table.exact = style.exact;
    return first_line(moved) + (moved.all.processes == 0 ? std::string() : tables(moved, table));
}

} // namespace netatop
