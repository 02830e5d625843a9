// SPDX-License-Identifier: GPL-2.0-only
#include "listing.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>

namespace netatop {

namespace {

using ColumnKind = Column::Kind;

template <typename Value>
struct Named {
    const char* name;
    Value value;
};

constexpr std::array<Named<Kind>, 11> kinds{{{"processes", Kind::processes},
                                             {"trees", Kind::trees},
                                             {"threads", Kind::threads},
                                             {"commands", Kind::commands},
                                             {"users", Kind::users},
                                             {"units", Kind::units},
                                             {"containers", Kind::containers},
                                             {"cgroups", Kind::cgroups},
                                             {"connections", Kind::connections},
                                             {"remotes", Kind::remotes},
                                             {"classes", Kind::classes}}};

constexpr std::array<Named<Sort>, 6> sorts{{{"bytes", Sort::bytes},
                                            {"sent", Sort::sent},
                                            {"received", Sort::received},
                                            {"packets", Sort::packets},
                                            {"pid", Sort::pid},
                                            {"name", Sort::name}}};

template <typename Value, std::size_t size>
std::optional<Value> value_of(const std::array<Named<Value>, size>& all, const std::string& name) {
    const auto* found =
        std::find_if(all.begin(), all.end(), [&](const auto& entry) { return name == entry.name; });
    return found == all.end() ? std::nullopt : std::optional(found->value);
}

// In seconds since the epoch; nothing is known of a process that is only above others in a tree.
Cell started(const Task& task) {
    if (task.start == 0)
        return {};
    return static_cast<std::uint64_t>(
        std::max<std::int64_t>(Identities::epoch_ms(task.start) / 1000, 0));
}

bool matches(const std::string& pattern, const std::string& text) {
    return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

} // namespace

std::optional<Kind> kind_of(const std::string& name) {
    return value_of(kinds, name);
}

std::optional<Sort> sort_of(const std::string& name) {
    return value_of(sorts, name);
}

Cell text_or_null(const std::string& text) {
    return text.empty() ? Cell() : Cell(text);
}

bool Filter::takes(const Workload& workload) const {
    // A container is known by the beginning of its id too, as to the engines.
    const bool contained =
        container.empty() || matches(container, workload.container) ||
        (!workload.container.empty() && workload.container.rfind(container, 0) == 0);
    return contained && (unit.empty() || matches(unit, workload.unit) ||
                         matches(unit, workload.user_unit) || matches(unit, full_unit(workload)));
}

bool Filter::takes(const Task& task, Identities& identities) const {
    return (!pid || *pid == task.tgid) && (!uid || uid == task.uid) &&
           (command.empty() || matches(command, task.name)) && takes(identities.workload(task));
}

std::vector<Column> columns_of(Kind kind) {
    const Column count{"processes", "PROCESSES", ColumnKind::number};
    switch (kind) {
    case Kind::commands:
        return {{"name", "", ColumnKind::text}, count};
    case Kind::users:
        return {{"user", "", ColumnKind::text}, {"uid", "", ColumnKind::number}, count};
    case Kind::units:
        return {{"unit", "", ColumnKind::text}, {"slice", "SLICE", ColumnKind::text}, count};
    case Kind::unit_trees:
        return {{"unit", "", ColumnKind::text}, {"slice", "", ColumnKind::text}, count};
    case Kind::containers:
        return {{"container", "", ColumnKind::text},
                {"engine", "ENGINE", ColumnKind::text},
                {"pod", "POD", ColumnKind::text},
                count};
    case Kind::cgroups:
        return {{"cgroup", "", ColumnKind::number},  {"parent", "", ColumnKind::number},
                {"path", "", ColumnKind::text},      {"unit", "", ColumnKind::text},
                {"container", "", ColumnKind::text}, {"pod", "", ColumnKind::text}};
    case Kind::connections:
        return {{"protocol", "PROTO", ColumnKind::text}, {"local", "LOCAL", ColumnKind::text},
                {"remote", "REMOTE", ColumnKind::text},  {"state", "STATE", ColumnKind::text},
                {"pid", "PID", ColumnKind::number},      {"name", "", ColumnKind::text},
                {"class", "", ColumnKind::text},         {"uid", "", ColumnKind::number},
                {"user", "", ColumnKind::text},          {"unit", "", ColumnKind::text},
                {"container", "", ColumnKind::text},     {"netns", "", ColumnKind::number},
                {"cookie", "", ColumnKind::number}};
    case Kind::remotes:
        return {{"remote", "", ColumnKind::text},
                {"connections", "CONNECTIONS", ColumnKind::number}};
    case Kind::classes:
        return {{"class", "", ColumnKind::text}};
    default:
        break;
    }
    std::vector<Column> columns{{"exited", "", ColumnKind::number},
                                {"pid", "PID", ColumnKind::number}};
    if (kind == Kind::threads)
        columns.push_back({"tid", "TID", ColumnKind::number});
    const std::vector<Column> rest{
        {"name", "", ColumnKind::text},     {"started", "", ColumnKind::number},
        {"uid", "", ColumnKind::number},    {"user", "USER", ColumnKind::text},
        {"cgroup", "", ColumnKind::number}, {"path", "", ColumnKind::text},
        {"unit", "UNIT", ColumnKind::text}, {"container", "", ColumnKind::text},
        {"pod", "", ColumnKind::text}};
    columns.insert(columns.end(), rest.begin(), rest.end());
    return columns;
}

std::vector<Column> more_columns_of(Kind kind) {
    if (kind != Kind::cgroups)
        return {};
    std::vector<Column> columns;
    columns.reserve(named_counters.size() + 2);
    for (const auto& counter : named_counters)
        columns.push_back({std::string(ended_prefix) + counter.name, "", ColumnKind::number});
    columns.push_back({"", "ENDEDSENT", ColumnKind::bytes});
    columns.push_back({"", "ENDEDRECV", ColumnKind::bytes});
    return columns;
}

const char* heading_of(Kind kind) {
    switch (kind) {
    case Kind::users:
        return "USER";
    case Kind::units:
    case Kind::unit_trees:
        return "UNIT";
    case Kind::containers:
        return "CONTAINER";
    case Kind::cgroups:
        return "CGROUP";
    case Kind::remotes:
        return "REMOTE";
    case Kind::classes:
        return "CLASS";
    default:
        return "NAME";
    }
}

Line task_line(Kind kind, const Entry& entry, Identities& identities) {
    const Task& task = entry.task;
    const Workload& workload = identities.workload(task);
    Line line;
    line.name = task.name;
    line.shown = task.end ? "<" + task.name + ">" : task.name;
    line.pid = task.pid.value_or(task.tgid);
    line.counters = entry.moved;
    line.total = task.counters;
    // One by one: a list of them would be copied.
    constexpr std::size_t most_cells = 12;
    line.who.reserve(most_cells);
    const auto add = [&](Cell cell) { line.who.push_back(std::move(cell)); };
    add(task.end ? Cell(Milliseconds{Identities::epoch_ms(*task.end)}) : Cell());
    add(std::uint64_t{task.tgid});
    if (kind == Kind::threads)
        add(number_or_null(task.pid));
    add(task.name);
    add(started(task));
    add(number_or_null(task.uid));
    add(text_or_null(identities.user(task)));
    add(number_or_null(task.cgroup));
    add(text_or_null(identities.path(task)));
    add(text_or_null(full_unit(workload)));
    add(text_or_null(workload.container));
    add(text_or_null(workload.pod));
    return line;
}

std::vector<Line> lines_of(Kind kind, const std::vector<Entry>& entries, Identities& identities) {
    if (kind == Kind::trees)
        return tree_lines(entries, all_processes(), identities);
    if (kind == Kind::unit_trees)
        return unit_tree_lines(group_lines(Kind::units, entries, identities));
    if (kind != Kind::processes && kind != Kind::threads)
        return group_lines(kind, entries, identities);
    std::vector<Line> lines;
    lines.reserve(entries.size());
    for (const auto& entry : entries)
        lines.push_back(task_line(kind, entry, identities));
    return lines;
}

std::vector<Line> lines_of(const std::vector<Class>& classes) {
    std::vector<Line> lines;
    for (const auto& [name, counters] : classes) {
        Line line;
        line.who = {name};
        line.name = line.shown = name;
        line.counters = counters;
        lines.push_back(std::move(line));
    }
    return lines;
}

} // namespace netatop
