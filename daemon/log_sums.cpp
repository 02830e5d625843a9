// SPDX-License-Identifier: GPL-2.0-only
#include "log_sums.h"

#include "options.h"
#include "printer.h"
#include "workload.h"

#include <algorithm>

namespace netatop {

using ColumnKind = Column::Kind;

std::optional<SumBy> sum_by(const std::string& name) {
    if (name == "command")
        return SumBy::command;
    if (name == "user")
        return SumBy::user;
    return name == "unit" ? std::optional(SumBy::unit) : std::nullopt;
}

LogSums::Key LogSums::key_of(const Ended& process) const {
    if (by_ == SumBy::command)
        return {process.name, {}};
    if (by_ == SumBy::user)
        return {process.uid ? std::to_string(*process.uid) : std::string(), {}};
    const Workload workload = workload_of(process.path);
    return {full_unit(workload), workload.slice};
}

void LogSums::add(const Ended& process) {
    auto& sum = sums_[key_of(process)];
    ++sum.processes;
    sum.counters += process.counters;
    sum.has_loopback = sum.has_loopback && process.has_loopback;
}

std::vector<Column> LogSums::columns() const {
    std::vector<Column> all;
    switch (by_) {
    case SumBy::command:
        all = {{"name", "NAME", ColumnKind::text}};
        break;
    case SumBy::user:
        all = {{"user", "USER", ColumnKind::text}, {"uid", "", ColumnKind::number}};
        break;
    case SumBy::unit:
        all = {{"unit", "UNIT", ColumnKind::text}, {"slice", "SLICE", ColumnKind::text}};
        break;
    }
    all.push_back({"processes", "PROCESSES", ColumnKind::number});
    add_counter_columns(all);
    for (const char* head : {"SENT", "RECEIVED"})
        all.push_back({"", head, ColumnKind::bytes});
    for (const char* head : {"SNDPKT", "RCVPKT"})
        all.push_back({"", head, ColumnKind::packets});
    all.push_back({"", "LOOPBACK", ColumnKind::bytes});
    return all;
}

Row LogSums::row(const Key& key, const Sum& sum) {
    Row row;
    if (by_ == SumBy::user) {
        const auto uid = number(key.first);
        row.push_back(uid ? Cell(accounts_.name(static_cast<std::uint32_t>(*uid))) : Cell());
        row.push_back(number_or_nothing(uid));
    } else if (by_ == SumBy::unit) {
        row.push_back(text_or_nothing(key.first));
        row.push_back(text_or_nothing(key.second));
    } else {
        row.emplace_back(key.first);
    }
    row.emplace_back(sum.processes);
    const Counters& all = sum.counters;
    add_counters(row, all, sum.has_loopback);
    for (const auto value :
         {all.sent().bytes, all.received().bytes, all.sent().packets, all.received().packets})
        row.emplace_back(value);
    row.push_back(sum.has_loopback ? Cell(all.all().bytes - all.without_loopback().all().bytes)
                                   : Cell());
    return row;
}

std::string LogSums::text(const LogStyle& style) {
    std::vector<std::pair<Key, Sum>> sorted(sums_.begin(), sums_.end());
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
        return a.second.counters.all().bytes > b.second.counters.all().bytes;
    });
    std::vector<Row> rows;
    rows.reserve(sorted.size());
    for (const auto& [key, sum] : sorted)
        rows.push_back(row(key, sum));
    const RowWriter writer(style.format, columns());
    return writer.begin() + writer.rows(rows, {style.exact, 0, style.base});
}

} // namespace netatop
