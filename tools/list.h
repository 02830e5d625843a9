// SPDX-License-Identifier: GPL-2.0-only
// netatop list: who carried what, once or again and again.
#pragma once

#include <string>
#include <vector>

namespace netatop {

// The status to exit with.
int list_command(const std::vector<std::string>& arguments);

} // namespace netatop
