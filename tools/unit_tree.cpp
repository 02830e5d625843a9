// SPDX-License-Identifier: GPL-2.0-only
#include "listing.h"

#include <algorithm>
#include <tuple>

namespace netatop {

namespace {

// Where the columns of units are.
constexpr std::size_t unit_cell = 0;
constexpr std::size_t slice_cell = 1;
constexpr std::size_t count_cell = 2;

constexpr const char* slice_ending = ".slice";

std::string text_of(const Cell& cell) {
    const auto* text = std::get_if<std::string>(&cell);
    return text == nullptr ? std::string() : *text;
}

std::uint64_t number_of(const Cell& cell) {
    const auto* number = std::get_if<std::uint64_t>(&cell);
    return number == nullptr ? 0 : *number;
}

struct Place {
    std::string slice;
    std::string unit; // empty: the slice itself

    friend bool operator<(const Place& a, const Place& b) {
        return std::tie(a.slice, a.unit) < std::tie(b.slice, b.unit);
    }
};

// The one above: of a user's unit the unit behind whose slash it stands, of a unit its slice, and
// of "a-b.slice" that is "a.slice".
std::optional<Place> above(const Place& place) {
    if (const auto slash = place.unit.rfind('/'); slash != std::string::npos)
        return Place{place.slice, place.unit.substr(0, slash)};
    if (!place.unit.empty())
        return place.slice.empty() ? std::nullopt : std::optional(Place{place.slice, {}});
    const auto dash = place.slice.rfind('-');
    if (dash == std::string::npos || dash == 0)
        return std::nullopt;
    return Place{place.slice.substr(0, dash) + slice_ending, {}};
}

class UnitTree {
public:
    std::vector<Line> lines(std::vector<Line> units) {
        std::vector<std::pair<std::size_t, Line>> own;
        for (auto& unit : units) {
            const auto line =
                line_of({text_of(unit.who.at(slice_cell)), text_of(unit.who.at(unit_cell))});
            lines_[line].shown =
                unit.name != unit.shown ? '<' + lines_[line].shown + '>' : lines_[line].shown;
            own.emplace_back(line, std::move(unit));
        }
        for (const auto& [line, unit] : own)
            for (std::optional<std::size_t> at = line; at; at = lines_[*at].parent) {
                lines_[*at].counters += unit.counters;
                lines_[*at].total += unit.total;
                auto& count = lines_[*at].who[count_cell];
                count = number_of(count) + number_of(unit.who.at(count_cell));
            }
        return std::move(lines_);
    }

private:
    std::size_t line_of(const Place& place) {
        if (const auto known = places_.find(place); known != places_.end())
            return known->second;
        Line line;
        line.name = place.unit.empty() ? place.slice : place.unit;
        line.shown = line.name.substr(line.name.rfind('/') + 1);
        line.who = {text_or_null(place.unit), text_or_null(place.slice), std::uint64_t{0}};
        if (const auto parent = above(place))
            line.parent = line_of(*parent);
        places_[place] = lines_.size();
        lines_.push_back(std::move(line));
        return lines_.size() - 1;
    }

    std::vector<Line> lines_;
    std::map<Place, std::size_t> places_;
};

} // namespace

std::vector<Line> unit_tree_lines(std::vector<Line> units) {
    return UnitTree().lines(std::move(units));
}

} // namespace netatop
