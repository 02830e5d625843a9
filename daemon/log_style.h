// SPDX-License-Identifier: GPL-2.0-only
// How records and sums of them are written.
#pragma once

#include "rows.h"

namespace netatop {

struct LogStyle {
    Format format = Format::table;
    bool exact = false;   // all digits of numbers in the table
    unsigned base = 1024; // of its units otherwise: 1024 or 1000
};

} // namespace netatop
