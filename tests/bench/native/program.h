// SPDX-License-Identifier: GPL-2.0-only
// Other programs, run to their end.
#pragma once

#include "result.h"

#include <string>
#include <vector>

namespace netatop::native {

// An error unless it exits with 0. Its messages go where ours do.
Status run(const std::vector<std::string>& words);

// What it prints, without the end of the last line.
Result<std::string> output_of(const std::vector<std::string>& words);

// The first line of a file, without the end of the line; empty when it cannot be read.
std::string first_line(const std::string& path);

} // namespace netatop::native
