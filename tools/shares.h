// SPDX-License-Identifier: GPL-2.0-only
// Whose traffic an engine of metrics is told: that of top-level slices, which only grows, and that
// of units and containers while they live. All of it is since the module was loaded.
#pragma once

#include "exposition.h"
#include "identity.h"
#include "sums.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace netatop {

// A unit, or a container in it.
struct Share {
    std::string slice; // the top-level one
    std::string unit;
    std::string container;
    std::string engine;
    Counters counters;
    // These names as they stand in samples, where somebody keeps them.
    std::shared_ptr<const LabelText> labels{};
};

struct Shares {
    // By name, "/" for what was carried in the root itself. With all that ended below it.
    std::map<std::string, Counters> slices;
    // Largest first. Without what ended below slices, and without transient units.
    std::vector<Share> units;
    std::size_t left_out = 0;  // units for which there was no room
    std::size_t transient = 0; // units that are there, in their slice alone
    Counters waiting;          // of sockets in all cgroups that have no owner yet
};

// Of the path of a cgroup: "/a/b/c" is in "a", and "/" in itself.
std::string top_slice(const std::string& path);

// Do units end in this cgroup that have series of their own? What they carried is in its sums then,
// and told already.
bool holds_units(const std::string& path);

// Of so many units at most. A name that is no valid text, or has control characters, is cleaned;
// those that are the same then are one.
Shares shares_of(const CgroupMap& cgroups, Identities& identities, std::size_t most_units);

} // namespace netatop
