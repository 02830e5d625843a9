// SPDX-License-Identifier: GPL-2.0-only
// Paths of cgroups (version 2) by their numbers, which are the inodes of their directories. A
// number is never used again, so that what was found once stays right when the cgroup is gone.
#pragma once

#include "descriptor.h"

#include <chrono>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace netatop {

// Erases all from a map by numbers of cgroups but these, which are in order.
template <class Value>
void keep_only(std::map<std::uint64_t, Value>& map, const std::vector<std::uint64_t>& cgroups) {
    auto kept = cgroups.begin();
    for (auto at = map.begin(); at != map.end();) {
        while (kept != cgroups.end() && *kept < at->first)
            ++kept;
        at = kept != cgroups.end() && *kept == at->first ? std::next(at) : map.erase(at);
    }
}

class Cgroups {
public:
    // Where the system has mounted them, or at `root`.
    Cgroups();
    explicit Cgroups(std::string root);

    // From the root on, which is "/"; none when it is not known, or no more.
    std::optional<std::string> path(std::uint64_t id);
    // Forgets all but these, which are in order, and the root: for who runs on while others end.
    void keep(const std::vector<std::uint64_t>& cgroups);

    // Where a list of mounts has them; empty when it has none.
    static std::string mount_point(const std::string& mounts);
    // The path in the text of /proc/PID/cgroup; empty when it has none, or one outside of what this
    // process can see.
    static std::string path_in(const std::string& text);

    [[nodiscard]] const std::string& root() const { return root_; }

private:
    [[nodiscard]] std::optional<std::string> by_handle(std::uint64_t id) const;
    void search();

    std::string root_;
    std::uint64_t root_id_ = 0;
    Descriptor directory_;
    bool handles_ = false; // by_handle() works here
    std::map<std::uint64_t, std::string> paths_;
    std::optional<std::chrono::steady_clock::time_point> searched_;
};

} // namespace netatop
