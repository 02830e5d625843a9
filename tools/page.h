// SPDX-License-Identifier: GPL-2.0-only
// What stands where on the screen of the live view: lines of pieces of text, each with its meaning.
// The text is harmless and no wider than the screen, in the present locale.
#pragma once

#include "view.h"

#include <string>
#include <vector>

namespace netatop {

enum class Meaning {
    sum,
    tab,
    present_tab,
    head,
    sorted_head,
    row,
    ended, // a row of what ended in the interval
    of_class,
    chosen,
    status,
    message,
    text
};

struct Piece {
    Meaning meaning = Meaning::text;
    std::string text;
};
using PageLine = std::vector<Piece>;

constexpr std::size_t least_height = 5;
constexpr std::size_t least_width = 20;

// As many lines as the screen has. The view learns how many rows it can show.
std::vector<PageLine> page(View& view, std::size_t height, std::size_t width);

} // namespace netatop
