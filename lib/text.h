// SPDX-License-Identifier: GPL-2.0-only
// Text that others chose, names of processes for example: any bytes, made harmless for a terminal
// or for a program.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace netatop {

constexpr char32_t no_character = 0xffffffff;

// The first character of `text`, which is not empty, and how many bytes it takes: no_character and
// one byte where there is no valid UTF-8.
struct Character {
    char32_t code;
    std::size_t length;
};
Character first_character(std::string_view text);

bool begins(std::string_view text, std::string_view with);
bool ends(std::string_view text, std::string_view with);

// For a terminal: as it is where the locale can show it, else '?' for each byte. Nothing in it
// moves the cursor or changes its direction.
std::string harmless(std::string_view text);

// Valid UTF-8 without control characters, whatever the locale.
std::string clean(std::string_view text);

// How many columns of a terminal harmless text takes.
std::size_t width(std::string_view text);

// Cut to so many columns, or filled up with blanks.
std::string fitted(std::string_view text, std::size_t columns);
// Likewise, with the blanks before it.
std::string fitted_right(const std::string& text, std::size_t columns);

} // namespace netatop
