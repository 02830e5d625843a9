// SPDX-License-Identifier: GPL-2.0-only
#include "negotiation.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <vector>

namespace netatop {

namespace {

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(at);
        parts.push_back(trimmed(text.substr(0, end)));
        if (end == std::string_view::npos)
            return parts;
        text.remove_prefix(end + 1);
    }
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](char c) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    return result;
}

// In thousandths, as the standard allows three digits; none when it is malformed.
std::optional<int> quality_of(std::string_view text) {
    constexpr std::size_t longest = 5;
    constexpr int whole = 1000;
    if (text.empty() || text.size() > longest || (text[0] != '0' && text[0] != '1') ||
        (text.size() > 1 && text[1] != '.'))
        return std::nullopt;
    int value = (text[0] - '0') * whole;
    int digit = whole / 10;
    for (const char c : text.substr(std::min<std::size_t>(text.size(), 2))) {
        if (c < '0' || c > '9')
            return std::nullopt;
        value += (c - '0') * digit;
        digit /= 10;
    }
    return value <= whole ? std::optional(value) : std::nullopt;
}

// One of those that a header lists.
struct Choice {
    std::string name;
    std::string version; // empty where it says none
    int quality = 1000;
};

std::vector<Choice> choices_in(std::string_view header) {
    std::vector<Choice> choices;
    for (const auto element : split(header, ',')) {
        const auto parts = split(element, ';');
        Choice choice;
        choice.name = lower(parts[0]);
        for (std::size_t i = 1; i < parts.size(); ++i) {
            const auto equals = parts[i].find('=');
            if (equals == std::string_view::npos)
                continue;
            const auto name = lower(trimmed(parts[i].substr(0, equals)));
            const auto value = trimmed(parts[i].substr(equals + 1));
            if (name == "q")
                choice.quality = quality_of(value).value_or(0);
            else if (name == "version")
                choice.version = value;
        }
        choices.push_back(std::move(choice));
    }
    return choices;
}

} // namespace

Dialect dialect_for(std::string_view accept) {
    int openmetrics = 0;
    int text = 0;
    for (const auto& choice : choices_in(accept)) {
        if (choice.name == "application/openmetrics-text") {
            if (choice.version.empty() || choice.version == "1.0.0")
                openmetrics = std::max(openmetrics, choice.quality);
        } else if (choice.name == "text/plain" || choice.name == "text/*" || choice.name == "*/*") {
            text = std::max(text, choice.quality);
        }
    }
    return openmetrics > 0 && openmetrics >= text ? Dialect::openmetrics : Dialect::prometheus;
}

bool takes_gzip(std::string_view accept_encoding) {
    std::optional<int> named;
    int any = 0;
    for (const auto& choice : choices_in(accept_encoding)) {
        if (choice.name == "gzip" || choice.name == "x-gzip")
            named = choice.quality;
        else if (choice.name == "*")
            any = choice.quality;
    }
    return named.value_or(any) > 0;
}

} // namespace netatop
