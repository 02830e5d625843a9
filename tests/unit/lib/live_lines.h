// SPDX-License-Identifier: GPL-2.0-only
// Lines and samples for tests of the live view.
#pragma once

#include "feed.h"

#include <string>
#include <utility>
#include <vector>

namespace netatop::test {

// Bytes received and sent, each in one packet.
using InAndOut = std::pair<std::uint64_t, std::uint64_t>;

inline Counters counters_of(const InAndOut& bytes) {
    Counters counters;
    counters.tcp_received = {bytes.first != 0 ? 1U : 0U, bytes.first};
    counters.udp_sent = {bytes.second != 0 ? 1U : 0U, bytes.second};
    return counters;
}

inline Line line(std::uint32_t pid, const std::string& name, const InAndOut& moved,
                 const InAndOut& total) {
    Line line;
    line.who.resize(columns_of(Kind::processes).size());
    line.who[1] = std::uint64_t{pid};
    line.name = line.shown = name;
    line.pid = pid;
    line.counters = counters_of(moved);
    line.total = counters_of(total);
    return line;
}

inline Line class_line(const std::string& name, const InAndOut& moved, const InAndOut& total) {
    Line result = line(0, name, moved, total);
    result.who[1].emplace<std::monostate>();
    return result;
}

// Of a second.
inline Sample sample_of(std::vector<Line> lines) {
    Sample sample;
    sample.lines = std::move(lines);
    sample.interval_ms = 1000;
    return sample;
}

} // namespace netatop::test
