// SPDX-License-Identifier: GPL-2.0-only
#include "cgroup_paths.h"

#include <algorithm>

namespace netatop {

namespace {

// How long cgroups are remembered that may be gone: this process may run for years.
constexpr std::chrono::hours memory{1};

} // namespace

void CgroupPaths::put(LogTail& tail) {
    const auto now = std::chrono::steady_clock::now();
    if (now - since_ > memory) {
        cgroups_ = Cgroups(cgroups_.root());
        since_ = now;
    }
    const auto path = cgroups_.path(tail.cgroup);
    if (path && path->size() < tail.path.size())
        std::copy(path->begin(), path->end(), tail.path.begin());
}

} // namespace netatop
