// SPDX-License-Identifier: GPL-2.0-only
// A file that others read at any time: it is replaced as a whole.
#pragma once

#include "result.h"

#include <string>

namespace netatop {

// Everybody may read it. Of what goes wrong nothing is left, and the old file stays.
Status replace_file(const std::string& path, const std::string& text);

} // namespace netatop
