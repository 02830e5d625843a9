// SPDX-License-Identifier: GPL-2.0-only
// netatop run: what a command and all that it starts carry.
#pragma once

#include <string>
#include <vector>

namespace netatop {

// The status to exit with: the command's.
int run_command(const std::vector<std::string>& arguments);

} // namespace netatop
