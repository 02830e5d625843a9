// SPDX-License-Identifier: GPL-2.0-only
#include "moment.h"

#include "options.h"

#include <array>
#include <cctype>
#include <ctime>
#include <string_view>

namespace netatop {

namespace {

constexpr std::int64_t second = 1000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;

struct Unit {
    std::string_view name;
    std::int64_t length;
};

constexpr std::array<Unit, 8> units{{{"s", second},
                                     {"sec", second},
                                     {"m", minute},
                                     {"min", minute},
                                     {"h", hour},
                                     {"d", day},
                                     {"w", 7 * day},
                                     {"", second}}};

// Takes one part after the other off the front of a text; each says whether it was there.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] std::string_view rest() const { return rest_; }

    bool take(std::string_view expected) {
        if (rest_.substr(0, expected.size()) != expected)
            return false;
        rest_.remove_prefix(expected.size());
        return true;
    }

    // A number of that many digits, and no more than `most`.
    bool take(int& value, std::size_t digits, int most) {
        const auto number = netatop::number(std::string(rest_.substr(0, digits)));
        if (rest_.size() < digits || !number || *number > static_cast<unsigned>(most))
            return false;
        value = static_cast<int>(*number);
        rest_.remove_prefix(digits);
        return true;
    }

private:
    std::string_view rest_;
};

std::optional<std::tm> local(std::int64_t time) {
    const auto seconds = static_cast<std::time_t>(time / second);
    std::tm parts{};
    if (::localtime_r(&seconds, &parts) == nullptr)
        return std::nullopt;
    return parts;
}

// The day's beginning, `days` days before today.
std::optional<std::tm> midnight(std::int64_t now, int days) {
    auto parts = local(now);
    if (!parts)
        return std::nullopt;
    parts->tm_mday -= days;
    parts->tm_hour = parts->tm_min = parts->tm_sec = 0;
    parts->tm_isdst = -1;
    return parts;
}

// `zone` is in seconds east of Greenwich; the local one where there is none.
std::optional<std::int64_t> time_of(std::tm parts, std::optional<int> zone) {
    const auto asked = parts;
    const std::time_t time = zone ? ::timegm(&parts) : ::mktime(&parts);
    const bool exists = parts.tm_mday == asked.tm_mday && parts.tm_mon == asked.tm_mon;
    if (time == -1 || (asked.tm_mday >= 1 && !exists))
        return std::nullopt;
    return (std::int64_t{time} - zone.value_or(0)) * second;
}

bool take_date(Scanner& scanner, std::tm& parts) {
    constexpr int last_year = 9999;
    int year = 0;
    int month = 0;
    if (!scanner.take(year, 4, last_year) || !scanner.take("-") || !scanner.take(month, 2, 12) ||
        !scanner.take("-") || !scanner.take(parts.tm_mday, 2, 31) || month == 0 ||
        parts.tm_mday == 0)
        return false;
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    return true;
}

bool take_clock(Scanner& scanner, std::tm& parts) {
    constexpr int last_second = 60; // a leap second
    return scanner.take(parts.tm_hour, 2, 23) && scanner.take(":") &&
           scanner.take(parts.tm_min, 2, 59) &&
           (!scanner.take(":") || scanner.take(parts.tm_sec, 2, last_second));
}

bool take_zone(Scanner& scanner, std::optional<int>& zone) {
    (void)scanner.take(" ");
    if (scanner.take("Z") || scanner.take("UTC")) {
        zone = 0;
        return true;
    }
    int hours = 0;
    int minutes = 0;
    const bool east = scanner.take("+");
    if ((!east && !scanner.take("-")) || !scanner.take(hours, 2, 14))
        return false;
    (void)scanner.take(":");
    if (!scanner.take(minutes, 2, 59))
        return false;
    zone = (east ? 60 : -60) * (hours * 60 + minutes);
    return true;
}

std::optional<std::int64_t> away_from(std::int64_t now, const Scanner& scanner, bool later) {
    std::string_view rest = scanner.rest();
    std::size_t digits = 0;
    while (digits < rest.size() && std::isdigit(static_cast<unsigned char>(rest[digits])) != 0)
        ++digits;
    constexpr std::uint64_t most = 1'000'000'000;
    const auto count = number(std::string(rest.substr(0, digits)));
    if (!count || *count > most)
        return std::nullopt;
    rest.remove_prefix(digits);
    for (const auto& unit : units) {
        if (rest == unit.name) {
            const auto distance = static_cast<std::int64_t>(*count) * unit.length;
            return later ? now + distance : now - distance;
        }
    }
    return std::nullopt;
}

// A time of the day, or a date that a time may follow.
std::optional<std::int64_t> absolute(const std::string& text, std::int64_t now) {
    auto parts = midnight(now, 0);
    if (!parts)
        return std::nullopt;
    std::optional<int> zone;
    Scanner scanner(text);
    if (text.size() > 4 && text[4] == '-') {
        if (!take_date(scanner, *parts))
            return std::nullopt;
        if (scanner.at_end())
            return time_of(*parts, zone);
        if (!scanner.take(" ") && !scanner.take("T"))
            return std::nullopt;
    }
    if (!take_clock(scanner, *parts) || (!scanner.at_end() && !take_zone(scanner, zone)) ||
        !scanner.at_end())
        return std::nullopt;
    return time_of(*parts, zone);
}

} // namespace

std::optional<std::int64_t> moment(const std::string& text, std::int64_t now) {
    if (text == "now")
        return now;
    if (text == "today" || text == "yesterday") {
        const auto begin = midnight(now, text == "today" ? 0 : 1);
        return begin ? time_of(*begin, std::nullopt) : std::nullopt;
    }
    Scanner scanner(text);
    if (scanner.take("-"))
        return away_from(now, scanner, false);
    if (scanner.take("+"))
        return away_from(now, scanner, true);
    return absolute(text, now);
}

std::string date_text(std::int64_t time) {
    const auto parts = local(time);
    std::array<char, 64> text{};
    if (!parts || std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S %z", &*parts) == 0)
        return "?";
    return text.data();
}

} // namespace netatop
