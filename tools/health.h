// SPDX-License-Identifier: GPL-2.0-only
// What can be wrong on a host, and what to do about it.
#pragma once

#include "netlink.h"

#include <string>
#include <vector>

namespace netatop {

enum class State { good, note, wrong };

struct Finding {
    std::string about;
    State state = State::good;
    std::string text;
    std::string next; // the next command or step; empty when there is none
};

// Where to look. Tests have a host of their own.
struct Host {
    std::string root;    // in front of all paths; empty for this host
    std::string release; // of the running kernel
    Connect connect = connect_generic;

    [[nodiscard]] std::string at(const std::string& path) const { return root + path; }
    // The first line of a file; empty when there is none.
    [[nodiscard]] std::string line_of(const std::string& path) const;
    [[nodiscard]] bool has(const std::string& path) const;
};

// This one.
Host this_host();

// Whether each installed kernel has its module, and which one is loaded.
std::vector<Finding> examine_kernels(const Host& host);
// How the module that is loaded fares; nothing when none is.
std::vector<Finding> examine_counting(const Host& host);
// The daemon, atop, and what comes between.
std::vector<Finding> examine_programs(const Host& host);

} // namespace netatop
