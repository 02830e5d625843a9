// SPDX-License-Identifier: GPL-2.0-only
#include "text.h"

#include <algorithm>
#include <cwchar>
#include <cwctype>

namespace netatop {

namespace {

bool is_control(char32_t code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

// Changes the order or the place of what stands beside it, and shows nothing itself.
bool is_format(char32_t code) {
    return code == 0xad || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
           (code >= 0xe0000 && code <= 0xe0fff);
}

// Columns that a character takes in the present locale; -1 when it cannot be shown.
int columns_of(char32_t code) {
    if (code < 0x80)
        return is_control(code) ? -1 : 1;
    if (code == no_character || is_control(code) || is_format(code) ||
        std::iswprint(static_cast<std::wint_t>(code)) == 0)
        return -1;
    return ::wcwidth(static_cast<wchar_t>(code));
}

template <typename Visit>
void each_character(std::string_view text, Visit visit) {
    while (!text.empty()) {
        const auto character = first_character(text);
        visit(character.code, text.substr(0, character.length));
        text.remove_prefix(character.length);
    }
}

} // namespace

bool begins(std::string_view text, std::string_view with) {
    return text.substr(0, with.size()) == with;
}

bool ends(std::string_view text, std::string_view with) {
    return text.size() >= with.size() && text.substr(text.size() - with.size()) == with;
}

Character first_character(std::string_view text) {
    constexpr Character bad{no_character, 1};
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80)
        return {first, 1};
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length)
        return bad;
    char32_t code = first & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0U) != 0x80)
            return bad;
        code = code << 6U | (byte(i) & 0x3fU);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    if (overlong || surrogate || code > 0x10ffff)
        return bad;
    return {code, length};
}

std::string harmless(std::string_view text) {
    std::string result;
    each_character(text, [&](char32_t code, std::string_view bytes) {
        if (columns_of(code) < 0)
            result.append(bytes.size(), '?');
        else
            result += bytes;
    });
    return result;
}

std::string clean(std::string_view text) {
    // As nearly all names are.
    if (std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; }))
        return std::string(text);
    std::string result;
    each_character(text, [&](char32_t code, std::string_view bytes) {
        if (code == no_character || is_control(code) || is_format(code))
            result += '?';
        else
            result += bytes;
    });
    return result;
}

std::size_t width(std::string_view text) {
    std::size_t columns = 0;
    each_character(text, [&](char32_t code, std::string_view) {
        columns += static_cast<std::size_t>(std::max(columns_of(code), 0));
    });
    return columns;
}

std::string fitted(std::string_view text, std::size_t columns) {
    std::string result;
    std::size_t used = 0;
    bool full = false;
    each_character(text, [&](char32_t code, std::string_view bytes) {
        const auto more = static_cast<std::size_t>(std::max(columns_of(code), 0));
        full = full || used + more > columns;
        if (full)
            return;
        result += bytes;
        used += more;
    });
    result.append(columns - used, ' ');
    return result;
}

std::string fitted_right(const std::string& text, std::size_t columns) {
    const std::size_t used = width(text);
    return used >= columns ? fitted(text, columns) : std::string(columns - used, ' ') + text;
}

} // namespace netatop
