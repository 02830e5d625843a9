// SPDX-License-Identifier: GPL-2.0-only
// One JSON object a line. All of it is ASCII, so that it is harmless on a terminal too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace netatop {

// With its quotes. What is no printable ASCII character is escaped; bytes that are no UTF-8 become
// U+FFFD.
std::string json_string(std::string_view text);

class JsonObject {
public:
    JsonObject& text(std::string_view name, std::string_view value);
    JsonObject& number(std::string_view name, std::int64_t value);
    JsonObject& number(std::string_view name, std::uint64_t value);
    // Seconds with three decimals.
    JsonObject& milliseconds(std::string_view name, std::int64_t value);
    // With three decimals; null when it is no number.
    JsonObject& decimal(std::string_view name, double value);
    JsonObject& truth(std::string_view name, bool value);
    JsonObject& null(std::string_view name);

    // The object and the end of its line.
    [[nodiscard]] std::string line() const { return "{" + members_ + "}\n"; }

private:
    JsonObject& add(std::string_view name, std::string_view value);

    std::string members_;
};

// Seconds with three decimals.
std::string seconds_text(std::int64_t milliseconds);

} // namespace netatop
