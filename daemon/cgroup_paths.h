// SPDX-License-Identifier: GPL-2.0-only
// Paths of cgroups for records of the log.
#pragma once

#include "cgroups.h"
#include "format.h"

#include <chrono>

namespace netatop {

class CgroupPaths {
public:
    CgroupPaths() = default;
    // With other cgroups than the system's.
    explicit CgroupPaths(const std::string& root) : cgroups_(root) {}

    // Where it is known, and no longer than there is room.
    void put(LogTail& tail);

private:
    Cgroups cgroups_;
    std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

} // namespace netatop
