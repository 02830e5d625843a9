// SPDX-License-Identifier: GPL-2.0-only
#include "detail_lines.h"

#include "text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace netatop {

namespace {

constexpr std::size_t number_columns = 5;
constexpr std::size_t time_columns = 7;
constexpr std::size_t protocol_columns = 5;

// How wide what is not always as wide is, on a screen of so many columns. There may be no room for
// the local address, nor for all that is not the remote one and the bytes.
struct Widths {
    std::size_t local = 0;
    std::size_t remote = 0;
    std::size_t state = 0;
};

Widths widths_of(std::size_t width) {
    constexpr std::size_t v4 = 21; // of an address and a port
    constexpr std::size_t v6 = 47;
    constexpr std::size_t least_local = 9; // with the blank before it
    const auto room = [&](std::size_t others) { return width - std::min(width, others); };
    Widths widths;
    widths.state = width >= 100 ? 12 : 6;
    const std::size_t left =
        room(protocol_columns + 1 + 1 + widths.state + 3 * (1 + number_columns) + 1 + time_columns);
    if (left < v4)
        return {0, room(2 * (1 + number_columns)), 0};
    widths.remote = left < v4 + least_local ? left : std::min(std::max(v4, (left - 1) / 2), v6);
    if (left >= v4 + least_local)
        widths.local = std::min(left - widths.remote - 1, v6);
    return widths;
}

struct RowText {
    std::string protocol, local, remote, state, received, sent, rtt, retransmitted;
};

std::string row_text(const Widths& widths, const RowText& row) {
    const auto number = [](const std::string& text, std::size_t columns = number_columns) {
        return ' ' + fitted_right(text, columns);
    };
    const std::string bytes = number(row.received) + number(row.sent);
    if (widths.state == 0)
        return fitted(row.remote, widths.remote) + bytes;
    return fitted(row.protocol, protocol_columns) +
           (widths.local == 0 ? "" : ' ' + fitted(row.local, widths.local)) + ' ' +
           fitted(row.remote, widths.remote) + ' ' + fitted(row.state, widths.state) + bytes +
           number(row.rtt, time_columns) + number(row.retransmitted);
}

std::string connection_text(const View& view, const Widths& widths, const Connection& connection) {
    const auto& [local, remote, state, way] = connection.endpoints;
    const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : text; };
    const Counters counters = view.shown(connection.socket.counters);
    return row_text(widths, {protocol_name(connection.socket), or_dash(local.text()),
                             or_dash(view.remote_text(remote)), or_dash(state),
                             amount(counters.received().bytes, view.units()),
                             amount(counters.sent().bytes, view.units()),
                             way && way->rtt_us != 0 ? milliseconds(way->rtt_us) : "-",
                             way ? amount(way->retransmitted, {false, true}) : "-"});
}

} // namespace

std::string milliseconds(std::uint32_t microseconds) {
    const double value = microseconds / 1000.0;
    std::array<char, 24> text{};
    (void)std::snprintf(text.data(), text.size(), "%.*fms",
                        value < 10     ? 3
                        : value < 1000 ? 1
                                       : 0,
                        value);
    return text.data();
}

std::vector<PageLine> detail_lines(const View& view, std::size_t width) {
    constexpr std::size_t name_columns = 12;
    std::vector<PageLine> lines;
    const Line* const line = view.detailed();
    if (line == nullptr)
        return lines;
    const auto add = [&](Meaning meaning, const std::string& text) {
        lines.push_back({{meaning, fitted(text, width)}});
    };
    const Details& details = view.details();
    add(Meaning::present_tab, harmless(line->shown.empty() ? "-" : line->shown) +
                                  (view.detailed_gone() ? ", which is gone" : ""));
    for (const auto& [name, value] : details.facts)
        add(Meaning::text, fitted(name, name_columns) + harmless(value));
    const Widths widths = widths_of(width);
    add(Meaning::head,
        row_text(widths, {"PROTO", "LOCAL", "REMOTE", "STATE", "IN", "OUT", "RTT", "RETR"}));
    for (const auto& connection : details.connections)
        add(Meaning::row, connection_text(view, widths, connection));
    if (details.connections.empty())
        add(Meaning::text, "no open connection that has carried anything");
    return lines;
}

} // namespace netatop
