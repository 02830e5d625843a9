// SPDX-License-Identifier: GPL-2.0-only
// The families of metrics: which there are, what they are called, and what is in them.
#pragma once

#include "exposition.h"
#include "message.h"
#include "shares.h"

#include <cstdint>
#include <optional>
#include <string>

namespace netatop {

// All that an exposition tells.
struct Account {
    Shares shares;
    Total total;
    // How many of each the module may know; none where that cannot be read.
    std::optional<std::uint64_t> most_sockets;
    std::optional<std::uint64_t> most_tasks;
    std::optional<std::uint64_t> most_cgroups;
    std::string module_version; // empty when it is not known
    std::int64_t loaded_ms = 0; // since the epoch
    std::int64_t took_ms = 0;   // to gather all this
};

std::string exposition_of(const Account& account, Dialect dialect);

} // namespace netatop
