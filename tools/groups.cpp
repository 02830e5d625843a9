// SPDX-License-Identifier: GPL-2.0-only
#include "listing.h"

#include <algorithm>

namespace netatop {

namespace {

// What all in a place have in common, and the cells that say so.
Row place_of(Kind kind, const Workload& workload) {
    if (kind == Kind::units)
        return {text_or_null(full_unit(workload)), text_or_null(workload.slice)};
    return {text_or_null(workload.container), text_or_null(workload.engine),
            text_or_null(workload.pod)};
}

// Likewise of tasks.
Row group_of(Kind kind, const Task& task, Identities& identities) {
    switch (kind) {
    case Kind::users:
        return {text_or_null(identities.user(task)), number_or_null(task.uid)};
    case Kind::units:
    case Kind::containers:
        return place_of(kind, identities.workload(task));
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

struct Group {
    Line line;
    std::uint64_t members = 0;
};

class Grouping {
public:
    Group& of(Row cells) {
        const auto [found, added] = groups_.try_emplace(key_of(cells));
        if (added) {
            Line& line = found->second.line;
            const auto* name = std::get_if<std::string>(cells.data());
            line.name = line.shown = name == nullptr ? std::string() : *name;
            line.who = std::move(cells);
        }
        return found->second;
    }
    std::vector<Line> lines() {
        std::vector<Line> lines;
        for (auto& [key, group] : groups_) {
            group.line.who.emplace_back(group.members);
            lines.push_back(std::move(group.line));
        }
        return lines;
    }

private:
    std::map<std::string, Group> groups_;
};

} // namespace

std::vector<Line> group_lines(Kind kind, const std::vector<Entry>& entries,
                              Identities& identities) {
    Grouping groups;
    for (const auto& entry : entries) {
        auto& [line, members] = groups.of(group_of(kind, entry.task, identities));
        ++members;
        line.counters += entry.moved;
        line.total += entry.task.counters;
    }
    return groups.lines();
}

std::vector<Line> group_lines(Kind kind, const std::vector<Sum>& sums,
                              const std::vector<Entry>& entries, Identities& identities) {
    Grouping groups;
    for (const auto& sum : sums) {
        if (!sum.any())
            continue;
        auto& line = groups.of(place_of(kind, identities.workload(sum.cgroup.id))).line;
        for (const auto* counters : {&sum.own, &sum.ended_below})
            line.counters += *counters;
        for (const auto* counters : {&sum.cgroup.own, &sum.cgroup.ended_below})
            line.total += *counters;
    }
    for (const auto& entry : entries)
        ++groups.of(place_of(kind, identities.workload(entry.task))).members;
    auto lines = groups.lines();
    // A process that came from elsewhere may have carried all of its own there.
    const auto nothing = [](const Line& line) { return !line.counters.any(); };
    lines.erase(std::remove_if(lines.begin(), lines.end(), nothing), lines.end());
    return lines;
}

std::vector<Line> cgroup_lines(const std::vector<Sum>& sums, Identities& identities) {
    std::vector<Line> lines;
    for (const auto& sum : sums) {
        if (!sum.any())
            continue;
        const auto id = sum.cgroup.id;
        const auto parent = sum.cgroup.parent;
        const auto& path = identities.path(id);
        const Workload& workload = identities.workload(id);
        Line line;
        line.name = path.empty() ? '#' + std::to_string(id) : path;
        line.shown = sum.ended ? '<' + line.name + '>' : line.name;
        line.counters = sum.own;
        line.total = sum.cgroup.own;
        line.who = {id,
                    parent == 0 ? Cell() : Cell(parent),
                    text_or_null(path),
                    text_or_null(full_unit(workload)),
                    text_or_null(workload.container),
                    text_or_null(workload.pod)};
        for (const auto& counter : named_counters)
            line.more.emplace_back(counter.of(sum.ended_below));
        line.more.emplace_back(sum.ended_below.sent().bytes);
        line.more.emplace_back(sum.ended_below.received().bytes);
        lines.push_back(std::move(line));
    }
    return lines;
}

} // namespace netatop
