// SPDX-License-Identifier: GPL-2.0-only
// Records as text, for people or for programs.
#pragma once

#include "format.h"

#include <chrono>
#include <optional>
#include <string>

namespace netatop {

// When a record was seen; none for one that was there already.
using Seen = std::optional<std::chrono::system_clock::time_point>;

std::string table_head();
std::string table_row(const netpertask& task, Seen exited);

// One object a line.
std::string json_row(const netpertask& task, Seen exited);

} // namespace netatop
