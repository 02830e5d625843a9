// SPDX-License-Identifier: GPL-2.0-only
// The figures as a person or a program reads them.
#pragma once

#include "comparison.h"
#include "machine.h"

#include <string>
#include <vector>

namespace netatop::native {

struct Report {
    Notes machine;
    Plan plan;
    std::vector<Series> series;
};

std::string as_text(const Report& report);

// An object a line: the machine first, then each series.
std::string as_json(const Report& report);

} // namespace netatop::native
