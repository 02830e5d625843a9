// SPDX-License-Identifier: GPL-2.0-only
// A file that others read at any time: it is replaced as a whole.
#pragma once

#include "result.h"

#include <chrono>
#include <string>

namespace netatop {

// Everybody may read it. Of what goes wrong nothing is left, and the old file stays.
Status replace_file(const std::string& path, const std::string& text);

// Who reads it would show what it says for ever: a file that was not replaced for so long is
// removed. Tells whether it was.
bool remove_stale(const std::string& path, std::chrono::seconds age);

} // namespace netatop
