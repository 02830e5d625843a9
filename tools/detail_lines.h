// SPDX-License-Identifier: GPL-2.0-only
// The details of a row as lines of the screen.
#pragma once

#include "page.h"

#include <vector>

namespace netatop {

// All lines of the row that the view has details of, however many.
std::vector<PageLine> detail_lines(const View& view, std::size_t width);

// A time as long as the way to another end and back: "0.123ms", "45.6ms".
std::string milliseconds(std::uint32_t microseconds);

} // namespace netatop
