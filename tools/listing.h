// SPDX-License-Identifier: GPL-2.0-only
// Lists of who carried what: each kind has its columns, and makes its lines of a sample.
#pragma once

#include "identity.h"
#include "processes.h"
#include "rows.h"
#include "sample.h"
#include "sums.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace netatop {

enum class Kind {
    processes,
    trees,
    threads,
    commands,
    users,
    units,
    unit_trees, // below their slices; of the live view alone
    containers,
    cgroups,
    connections,
    remotes,
    classes
};

std::optional<Kind> kind_of(const std::string& name);

// Which tasks are counted. Units, containers and commands are patterns as the shell has them.
struct Filter {
    std::optional<std::uint32_t> pid;
    std::optional<std::uint32_t> uid;
    std::string unit;
    std::string container;
    std::string command;

    [[nodiscard]] bool any() const {
        return pid || uid || !unit.empty() || !container.empty() || !command.empty();
    }
    // What cgroups cannot meet.
    [[nodiscard]] bool of_tasks() const { return pid || uid || !command.empty(); }
    [[nodiscard]] bool takes(const Task& task, Identities& identities) const;
    // As far as it is of a place.
    [[nodiscard]] bool takes(const Workload& workload) const;
};

// A line before it is text.
struct Line {
    Row who;           // cells for the columns of the kind
    Row more;          // and for those behind the counters
    std::string name;  // to sort by, as `pid`
    std::string shown; // to people: set in, in a tree, and in brackets where it ended
    std::uint64_t pid = 0;
    Counters counters;
    Counters total;                    // since the module was loaded
    std::optional<std::size_t> parent; // of a tree: the line that it stands below
};

enum class Sort { bytes, sent, received, packets, total, pid, name };
std::optional<Sort> sort_of(const std::string& name);

// The columns that say who, of a kind; the one of `shown` follows them.
std::vector<Column> columns_of(Kind kind);
// Those that stand behind all others.
std::vector<Column> more_columns_of(Kind kind);
// The head of the column of `shown`.
const char* heading_of(Kind kind);

std::vector<Line> lines_of(Kind kind, const std::vector<Entry>& entries, Identities& identities);
std::vector<Line> lines_of(const std::vector<Class>& classes);

// One for each task.
Line task_line(Kind kind, const Entry& entry, Identities& identities);
// One for each of what tasks have in common.
std::vector<Line> group_lines(Kind kind, const std::vector<Entry>& entries, Identities& identities);
// Likewise by what their cgroups carried; the tasks are only counted. With `idle` also those that
// carried nothing in the interval, and in angle brackets those that have ended.
std::vector<Line> group_lines(Kind kind, const std::vector<Sum>& sums,
                              const std::vector<Entry>& entries, Identities& identities,
                              bool idle = false);
// Lines of units below those of their slices and of the user's unit that they are in, each with
// what all below it carried.
std::vector<Line> unit_tree_lines(std::vector<Line> units);
// One for each cgroup.
std::vector<Line> cgroup_lines(const std::vector<Sum>& sums, Identities& identities);
// One for each task and those that it descends from, each with what all below it carried.
std::vector<Line> tree_lines(const std::vector<Entry>& entries,
                             const std::map<std::uint32_t, Process>& processes,
                             Identities& identities);

// The lines in their order, without those that carried fewer bytes, and no more than `top`, if not
// 0. Below a line of a tree its own follow.
struct Choice {
    Sort sort = Sort::bytes;
    std::size_t top = 0;
    std::uint64_t min_bytes = 0;
};
std::vector<Line> chosen(const std::vector<Line>& lines, const Choice& choice);

// Which line comes next, and how far it is set in.
struct Placed {
    std::size_t line;
    std::size_t depth;
};
// What a line is sorted by, where that is an amount; none of one that is left out, whose parent is
// not.
using Weigh = std::function<std::optional<std::uint64_t>(std::size_t line)>;
// Likewise without copying them: there may be ten thousand, of which a screen shows some.
std::vector<Placed> placed(const std::vector<Line>& lines, Sort sort, const Weigh& weigh);
std::uint64_t weight(const Counters& counters, const Counters& total, Sort sort);

Cell text_or_null(const std::string& text);
template <typename T>
Cell number_or_null(const std::optional<T>& value) {
    return value ? Cell(std::uint64_t{*value}) : Cell();
}

} // namespace netatop
