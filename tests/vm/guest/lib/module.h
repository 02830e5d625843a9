// SPDX-License-Identifier: GPL-2.0-only
// Loading and unloading the module under test, and what it says in /proc/netatop.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/counters.h"

namespace guest::module {

// 0, or the error number. NETATOP_PARAMS of the environment comes before the parameters given.
int load(const std::string& parameters = {});
int unload();
bool loaded();

// With the default parameters; no-op when it is loaded already.
void require();
// Unloaded and loaded anew.
void reload(const std::string& parameters = {});

struct Status {
    std::vector<std::string> lines;
    // Every number of the line that starts with a label.
    std::map<std::string, std::vector<std::uint64_t>> values;

    static Status read();
    std::uint64_t number(const std::string& label, std::size_t index = 0) const;
    // A line of eight numbers.
    Counters counters(const std::string& label) const;
};

// The module's own audit: what it says, "ok" when everything that was counted has been credited and
// every object is known.
std::string audit();
bool audit_is_wrong(const std::string& said);
// Built with what tests need?
bool debug_build();

// The classes of packets that no task owns.
extern const std::vector<std::string> classes;
// Now, one of the lines of eight numbers.
Counters counters(const std::string& label);

} // namespace guest::module
