// SPDX-License-Identifier: GPL-2.0-only
// What rows of the live view carried in each second of the last minute.
#pragma once

#include "counters.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace netatop {

constexpr std::size_t history_seconds = 60;

// Seconds are counted back from the newest sample, so that intervals need not be whole seconds:
// what an interval carried is spread over the seconds that it touches.
class History {
public:
    // Rows that carried something meanwhile; there is a bound, and beyond it no more are kept.
    static constexpr std::size_t most_rows = 2048;

    // A sample of an interval that ends at this time; false when it is known already.
    bool begin(std::int64_t at_ms, std::int64_t interval_ms);
    // What a row carried in it.
    void add(const std::string& row, const Counters& moved);
    // Drops what is older than a minute at this time.
    void forget(std::int64_t at_ms);

    // Bytes in each second, the oldest first; none where there was no sample.
    using Seconds = std::vector<std::optional<std::uint64_t>>;
    [[nodiscard]] Seconds seconds(const std::string& row, bool loopback) const;
    [[nodiscard]] std::size_t rows() const { return rows_.size(); }

private:
    struct Span {
        std::int64_t from;
        std::int64_t to;
    };
    struct Amount {
        std::uint64_t span; // its number
        std::uint64_t bytes;
        std::uint64_t others; // but for loopback
    };

    std::deque<Span> spans_;
    std::uint64_t first_ = 0; // the number of the oldest span
    std::unordered_map<std::string, std::vector<Amount>> rows_;
};

// One character for each second, the height of which says how much it is of `most`: blocks where
// the locale has them, else ASCII; a blank where nothing is known.
std::string sparkline(const History::Seconds& seconds, std::uint64_t most);

} // namespace netatop
