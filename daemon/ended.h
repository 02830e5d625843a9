// SPDX-License-Identifier: GPL-2.0-only
// A process that ended, as a reader of the log knows it.
#pragma once

#include "counters.h"
#include "format.h"

#include <cstdint>
#include <optional>
#include <string>

namespace netatop {

struct Ended {
    std::uint32_t pid = 0;
    std::string name;                   // any bytes
    std::uint64_t started = 0;          // seconds since the epoch
    std::optional<std::int64_t> exited; // ms since the epoch
    std::optional<std::uint32_t> parent;
    std::optional<std::uint32_t> uid;
    std::optional<std::uint64_t> cgroup;
    std::string path; // of the cgroup; empty where it is not known
    std::optional<std::uint32_t> netns;
    Counters counters;
    bool has_loopback = false; // is the part of loopback known?
};

// `seen` is when the record came, in ms since the epoch; none for one that was there already. What
// the record itself says of the end comes first.
Ended ended(const LogRecord& record, std::optional<std::int64_t> seen);

} // namespace netatop
