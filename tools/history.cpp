// SPDX-License-Identifier: GPL-2.0-only
#include "history.h"

#include "text.h"

#include <algorithm>
#include <array>

namespace netatop {

namespace {

constexpr std::int64_t second_ms = 1000;
constexpr std::int64_t kept_ms = std::int64_t{history_seconds} * second_ms;

// Shorter intervals share a span, which bounds how many there are.
constexpr std::int64_t least_span_ms = 500;

} // namespace

bool History::begin(std::int64_t at_ms, std::int64_t interval_ms) {
    if (interval_ms <= 0 || (!spans_.empty() && at_ms <= spans_.back().to))
        return false;
    forget(at_ms);
    const bool joins = !spans_.empty() && at_ms - interval_ms <= spans_.back().to &&
                       at_ms - spans_.back().from <= least_span_ms;
    if (joins)
        spans_.back().to = at_ms;
    else
        spans_.push_back({at_ms - interval_ms, at_ms});
    return true;
}

void History::add(const std::string& row, const Counters& moved) {
    if (!moved.any() || spans_.empty())
        return;
    auto found = rows_.find(row);
    if (found == rows_.end()) {
        if (rows_.size() >= most_rows)
            return;
        found = rows_.emplace(row, std::vector<Amount>()).first;
    }
    auto& amounts = found->second;
    const std::uint64_t span = first_ + spans_.size() - 1;
    if (amounts.empty() || amounts.back().span != span)
        amounts.push_back({span, 0, 0});
    amounts.back().bytes += moved.all().bytes;
    amounts.back().others += moved.without_loopback().all().bytes;
}

void History::forget(std::int64_t at_ms) {
    const auto before = first_;
    while (!spans_.empty() && spans_.front().to <= at_ms - kept_ms) {
        spans_.pop_front();
        ++first_;
    }
    if (first_ == before)
        return;
    for (auto row = rows_.begin(); row != rows_.end();) {
        auto& amounts = row->second;
        const auto old = [&](const Amount& amount) { return amount.span < first_; };
        amounts.erase(amounts.begin(), std::find_if_not(amounts.begin(), amounts.end(), old));
        row = amounts.empty() ? rows_.erase(row) : std::next(row);
    }
}

History::Seconds History::seconds(const std::string& row, bool loopback) const {
    Seconds seconds(history_seconds);
    if (spans_.empty())
        return seconds;
    const auto begin = spans_.back().to - kept_ms;
    const auto found = rows_.find(row);
    std::size_t next = 0;
    for (std::size_t i = 0; i < spans_.size(); ++i) {
        const auto [from, to] = spans_[i];
        std::uint64_t bytes = 0;
        if (found != rows_.end() && next < found->second.size() &&
            found->second[next].span == first_ + i) {
            const auto& amount = found->second[next++];
            bytes = loopback ? amount.bytes : amount.others;
        }
        const auto length = static_cast<double>(to - from);
        for (auto at = std::max(from, begin); at < to;) {
            const auto number = (at - begin) / second_ms;
            const auto end = std::min(to, begin + (number + 1) * second_ms);
            auto& second = seconds[static_cast<std::size_t>(number)];
            second = second.value_or(0) +
                     static_cast<std::uint64_t>(static_cast<double>(bytes) *
                                                static_cast<double>(end - at) / length);
            at = end;
        }
    }
    return seconds;
}

std::string sparkline(const History::Seconds& seconds, std::uint64_t most) {
    constexpr std::size_t levels = 8; // the lowest of them is nothing
    static constexpr std::array<const char*, levels> blocks{"\u2581", "\u2582", "\u2583", "\u2584",
                                                            "\u2585", "\u2586", "\u2587", "\u2588"};
    static constexpr std::array<const char*, levels> letters{"_", ".", ":", "-",
                                                             "=", "+", "*", "#"};
    const auto& heights = harmless(blocks[0]) == blocks[0] ? blocks : letters;
    std::string line;
    for (const auto& second : seconds) {
        if (!second) {
            line += ' ';
            continue;
        }
        const double part = most == 0 ? 0
                                      : static_cast<double>(*second) / static_cast<double>(most) *
                                            static_cast<double>(levels - 1);
        const auto whole = static_cast<std::size_t>(part);
        line +=
            heights.at(std::min(levels - 1, static_cast<double>(whole) < part ? whole + 1 : whole));
    }
    return line;
}

} // namespace netatop
