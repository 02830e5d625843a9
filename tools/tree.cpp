// SPDX-License-Identifier: GPL-2.0-only
#include "listing.h"

namespace netatop {

namespace {

using Processes = std::map<std::uint32_t, Process>;

class Tree {
public:
    Tree(const Processes& processes, Identities& identities)
        : processes_(processes), identities_(identities) {}

    std::vector<Line> lines(const std::vector<Entry>& entries) {
        for (const auto& entry : entries) {
            if (!entry.task.end)
                places_[entry.task.tgid] = lines_.size();
            lines_.push_back(task_line(Kind::trees, entry, identities_));
        }
        for (std::size_t i = 0; i < entries.size(); ++i)
            if (!entries[i].task.end) // whose parent nobody knows any more
                credit(i, entries[i]);
        return std::move(lines_);
    }

private:
    // The line of a process that may have carried nothing itself; none where there is no process.
    std::optional<std::size_t> place_of(std::uint32_t pid) {
        const auto process = processes_.find(pid);
        if (process == processes_.end())
            return std::nullopt;
        const auto [place, fresh] = places_.try_emplace(pid, lines_.size());
        if (fresh) {
            Entry nothing;
            nothing.task.tgid = pid;
            nothing.task.name = process->second.name;
            lines_.push_back(task_line(Kind::trees, nothing, identities_));
        }
        return place->second;
    }

    // Adds what a process carried to all that it descends from.
    void credit(std::size_t line, const Entry& entry) {
        auto process = processes_.find(entry.task.tgid);
        // What is read of /proc in passing may have a circle.
        for (std::size_t steps = 0; process != processes_.end() && steps < processes_.size();
             ++steps) {
            const auto parent = place_of(process->second.parent);
            if (!parent || *parent == line || below(*parent, line))
                break;
            lines_[line].parent = parent;
            lines_[*parent].counters += entry.moved;
            lines_[*parent].total += entry.task.counters;
            line = *parent;
            process = processes_.find(process->second.parent);
        }
    }

    // Does the line stand below the other one already?
    [[nodiscard]] bool below(std::size_t line, std::size_t other) const {
        for (auto at = lines_[line].parent; at; at = lines_[*at].parent)
            if (*at == other)
                return true;
        return false;
    }

    const Processes& processes_;
    Identities& identities_;
    std::vector<Line> lines_;
    std::map<std::uint32_t, std::size_t> places_; // of those that live
};

} // namespace

std::vector<Line> tree_lines(const std::vector<Entry>& entries, const Processes& processes,
                             Identities& identities) {
    return Tree(processes, identities).lines(entries);
}

} // namespace netatop
