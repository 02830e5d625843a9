// SPDX-License-Identifier: GPL-2.0-only
// The command netatop, run as a person or a script runs it, and what it prints.
#pragma once

#include <string>
#include <vector>

#include "lib/counters.h"

namespace guest {

extern const std::string tool;

// Its exit status as the last line, behind all that it says, as a user.
std::string status_of(const std::string& arguments, const std::string& user = "root");

std::vector<std::string> lines_in(const std::string& text);
// The value of a number in a JSON object; -1 when it has none.
long long number_in(const std::string& line, const std::string& name);
Counters counters_in(const std::string& line);

} // namespace guest
