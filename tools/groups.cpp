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
    bool lives = false; // one of its cgroups
};

Counters in_all_of(const Cgroup& cgroup) {
    Counters all = cgroup.own;
    all += cgroup.ended_below;
    return all;
}

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
    // Those of cgroups that all have ended are set in angle brackets, if wanted.
    std::vector<Line> lines(bool mark = false) {
        std::vector<Line> lines;
        for (auto& [key, group] : groups_) {
            if (mark && !group.lives && !group.line.shown.empty())
                group.line.shown = '<' + group.line.shown + '>';
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
        auto& group = groups.of(group_of(kind, entry.task, identities));
        ++group.members;
        group.line.counters += entry.moved;
        group.line.total += entry.task.counters;
    }
    return groups.lines();
}

std::vector<Line> group_lines(Kind kind, const std::vector<Sum>& sums,
                              const std::vector<Entry>& entries, Identities& identities,
                              bool idle) {
    Grouping groups;
    std::map<std::uint64_t, Group*> by_cgroup;
    for (const auto& sum : sums) {
        const Counters in_all = in_all_of(sum.cgroup);
        if (!sum.any() && !(idle && in_all.any()))
            continue;
        identities.learn(sum.cgroup);
        auto& group = groups.of(place_of(kind, identities.workload(sum.cgroup.id)));
        by_cgroup[sum.cgroup.id] = &group;
        group.lives = group.lives || !sum.ended;
        for (const auto* counters : {&sum.own, &sum.ended_below})
            group.line.counters += *counters;
        group.line.total += in_all;
    }
    // What ended is in the sums of its parent too.
    for (const auto& sum : sums)
        if (const auto above = by_cgroup.find(sum.cgroup.parent);
            sum.ended && by_cgroup.count(sum.cgroup.id) != 0 && above != by_cgroup.end())
            above->second->line.total = rest(above->second->line.total, in_all_of(sum.cgroup));
    for (const auto& entry : entries)
        ++groups.of(place_of(kind, identities.workload(entry.task))).members;
    auto lines = groups.lines(idle);
    // A process that came from elsewhere may have carried all of its own there.
    const auto nothing = [&](const Line& line) {
        return !line.counters.any() && !(idle && line.total.any());
    };
    lines.erase(std::remove_if(lines.begin(), lines.end(), nothing), lines.end());
    return lines;
}

std::vector<Line> cgroup_lines(const std::vector<Sum>& sums, Identities& identities) {
    std::vector<Line> lines;
    for (const auto& sum : sums) {
        if (!sum.any())
            continue;
        identities.learn(sum.cgroup);
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
