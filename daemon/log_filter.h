// SPDX-License-Identifier: GPL-2.0-only
// Which records of the log are shown.
#pragma once

#include "ended.h"

#include <cstdint>
#include <optional>
#include <string>

namespace netatop {

// Patterns are as the shell has them. What a record does not say meets no filter that asks for it.
struct LogFilter {
    std::optional<std::uint32_t> pid;
    std::optional<std::uint32_t> uid;
    std::string unit;
    std::string command;
    std::uint64_t min_bytes = 0;
    // ms since the epoch: when it ended or, where that is not known, when it started.
    std::optional<std::int64_t> since;
    std::optional<std::int64_t> until;

    [[nodiscard]] bool takes(const Ended& process) const;
};

} // namespace netatop
