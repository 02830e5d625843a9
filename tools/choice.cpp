// SPDX-License-Identifier: GPL-2.0-only
#include "listing.h"

#include <algorithm>
#include <tuple>

namespace netatop {

namespace {

std::uint64_t weight(const Line& line, Sort sort) {
    switch (sort) {
    case Sort::sent:
        return line.counters.sent().bytes;
    case Sort::received:
        return line.counters.received().bytes;
    case Sort::packets:
        return line.counters.all().packets;
    case Sort::total:
        return line.total.all().bytes;
    case Sort::bytes:
        return line.counters.all().bytes;
    default:
        return 0;
    }
}

bool before(const Line& a, const Line& b, Sort sort) {
    if (sort == Sort::name)
        return std::tie(a.name, a.pid) < std::tie(b.name, b.pid);
    const auto of_a = weight(a, sort);
    const auto of_b = weight(b, sort);
    return of_a != of_b ? of_a > of_b : std::tie(a.pid, a.name) < std::tie(b.pid, b.name);
}

using Order = std::vector<std::size_t>;
using Children = std::map<std::optional<std::size_t>, Order>;

// The lines below `parent`, each followed by its own, set in by so much.
void unfold(const std::vector<Line>& lines, const Children& children,
            std::optional<std::size_t> parent, std::size_t depth, std::vector<Line>& to) {
    const auto found = children.find(parent);
    if (found == children.end())
        return;
    for (const std::size_t i : found->second) {
        to.push_back(lines[i]);
        to.back().shown.insert(0, 2 * depth, ' ');
        unfold(lines, children, i, depth + 1, to);
    }
}

} // namespace

std::vector<Line> chosen(const std::vector<Line>& lines, const Choice& choice) {
    Order order;
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (lines[i].counters.all().bytes >= choice.min_bytes)
            order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return before(lines[a], lines[b], choice.sort);
    });
    // A parent has carried at least what those below it have, so that it is there when they are.
    Children children;
    for (const std::size_t i : order)
        children[lines[i].parent].push_back(i);
    std::vector<Line> result;
    unfold(lines, children, std::nullopt, 0, result);
    if (choice.top != 0 && result.size() > choice.top)
        result.resize(choice.top);
    return result;
}

} // namespace netatop
