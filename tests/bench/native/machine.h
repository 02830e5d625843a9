// SPDX-License-Identifier: GPL-2.0-only
// What a reader must know of the machine that figures are from.
#pragma once

#include "result.h"

#include <string>
#include <utility>
#include <vector>

namespace netatop::native {

// Names and values: kernel, processor, frequency governor, mitigations and others.
using Notes = std::vector<std::pair<std::string, std::string>>;

// All is measured on one processor.
Notes machine_notes(int processor);

// The thread stays on the last of the processors that it may use, whose number it gets.
Result<int> stay_on_one_processor();

} // namespace netatop::native
