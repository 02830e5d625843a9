// SPDX-License-Identifier: GPL-2.0-only
#include "listing.h"

namespace netatop {

namespace {

// What tasks have in common, and the cells that say so.
Row group_of(Kind kind, const Task& task, Identities& identities) {
    const Workload& workload = identities.workload(task);
    switch (kind) {
    case Kind::users:
        return {text_or_null(identities.user(task)), number_or_null(task.uid)};
    case Kind::units:
        return {text_or_null(full_unit(workload)), text_or_null(workload.slice)};
    case Kind::containers:
        return {text_or_null(workload.container), text_or_null(workload.engine),
                text_or_null(workload.pod)};
    default:
        return {task.name};
    }
}

// Cells as text that differs when they do.
std::string key_of(const Row& cells) {
    std::string key;
    for (const auto& cell : cells) {
        if (const auto* text = std::get_if<std::string>(&cell))
            key += *text;
        else if (const auto* value = std::get_if<std::uint64_t>(&cell))
            key += std::to_string(*value);
        key += '\0';
    }
    return key;
}

} // namespace

std::vector<Line> group_lines(Kind kind, const std::vector<Entry>& entries,
                              Identities& identities) {
    struct Group {
        Line line;
        std::uint64_t members = 0;
    };
    std::map<std::string, Group> groups;
    for (const auto& entry : entries) {
        Row cells = group_of(kind, entry.task, identities);
        auto& [line, members] = groups[key_of(cells)];
        if (members++ == 0) {
            const auto* name = std::get_if<std::string>(cells.data());
            line.name = name == nullptr ? std::string() : *name;
            line.shown = line.name;
            line.who = std::move(cells);
        }
        line.counters += entry.moved;
        line.total += entry.task.counters;
    }
    std::vector<Line> lines;
    for (auto& [key, group] : groups) {
        group.line.who.emplace_back(group.members);
        lines.push_back(std::move(group.line));
    }
    return lines;
}

} // namespace netatop
