// SPDX-License-Identifier: GPL-2.0-only
#include "json.h"

#include "text.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace netatop {

namespace {

void append_escape(std::string& to, char32_t unit) {
    std::array<char, 8> text{};
    (void)std::snprintf(text.data(), text.size(), "\\u%04x", static_cast<unsigned>(unit));
    to += text.data();
}

void append_character(std::string& to, char32_t code) {
    constexpr char32_t replacement = 0xfffd;
    if (code == no_character) {
        append_escape(to, replacement);
    } else if (code == U'"' || code == U'\\') {
        to += '\\';
        to += static_cast<char>(code);
    } else if (code >= 0x20 && code < 0x7f) {
        to += static_cast<char>(code);
    } else if (code < 0x10000) {
        append_escape(to, code);
    } else { // as UTF-16 has it
        append_escape(to, 0xd800 + ((code - 0x10000) >> 10U));
        append_escape(to, 0xdc00 + ((code - 0x10000) & 0x3ffU));
    }
}

} // namespace

std::string json_string(std::string_view text) {
    std::string result = "\"";
    while (!text.empty()) {
        const auto character = first_character(text);
        append_character(result, character.code);
        text.remove_prefix(character.length);
    }
    return result + '"';
}

JsonObject& JsonObject::add(std::string_view name, std::string_view value) {
    if (!members_.empty())
        members_ += ',';
    members_ += json_string(name);
    members_ += ':';
    members_ += value;
    return *this;
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
    return add(name, json_string(value));
}

JsonObject& JsonObject::number(std::string_view name, std::int64_t value) {
    return add(name, std::to_string(value));
}

JsonObject& JsonObject::number(std::string_view name, std::uint64_t value) {
    return add(name, std::to_string(value));
}

std::string seconds_text(std::int64_t milliseconds) {
    std::string text = std::to_string(milliseconds < 0 ? -milliseconds : milliseconds);
    if (text.size() < 4)
        text.insert(0, 4 - text.size(), '0');
    text.insert(text.size() - 3, ".");
    return milliseconds < 0 ? "-" + text : text;
}

JsonObject& JsonObject::milliseconds(std::string_view name, std::int64_t value) {
    return add(name, seconds_text(value));
}

JsonObject& JsonObject::decimal(std::string_view name, double value) {
    if (!std::isfinite(value))
        return null(name);
    std::array<char, 512> text{}; // the largest has 309 digits
    (void)std::snprintf(text.data(), text.size(), "%.3f", value);
    return add(name, text.data());
}

JsonObject& JsonObject::truth(std::string_view name, bool value) {
    return add(name, value ? "true" : "false");
}

JsonObject& JsonObject::null(std::string_view name) {
    return add(name, "null");
}

} // namespace netatop
