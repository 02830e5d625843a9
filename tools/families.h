// SPDX-License-Identifier: GPL-2.0-only
// The families of metrics: which there are, what they are called, and what is in them.
#pragma once

#include "exposition.h"
#include "message.h"
#include "shares.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace netatop {

// What all processes with a name carried, those that exited included.
struct CommandShare {
    std::string name;
    Counters counters;
};

// The exporter itself, of which a command that runs once has nothing to tell.
struct Upkeep {
    std::int64_t began_ms = 0; // since the epoch
    std::int64_t cpu_ms = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t open_files = 0;
    std::uint64_t scrapes = 0;
    std::uint64_t failed_looks = 0;
    std::uint64_t overruns = 0; // of events about ends
};

// All that an exposition tells.
struct Account {
    Shares shares;
    std::vector<CommandShare> commands;
    Total total;
    std::optional<Upkeep> upkeep;
    // How many of each the module may know; none where that cannot be read.
    std::optional<std::uint64_t> most_sockets;
    std::optional<std::uint64_t> most_tasks;
    std::optional<std::uint64_t> most_cgroups;
    std::string module_version; // empty when it is not known
    std::int64_t loaded_ms = 0; // since the epoch
    std::int64_t took_ms = 0;   // to gather all this
};

std::shared_ptr<const LabelText> labels_of(const Share& share);

// Of about so many bytes, if that is known.
std::string exposition_of(const Account& account, Dialect dialect, std::size_t size = 0);

} // namespace netatop
