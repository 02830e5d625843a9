// SPDX-License-Identifier: GPL-2.0-only
#include "listing.h"

#include <algorithm>
#include <tuple>

namespace netatop {

namespace {

std::uint64_t weight(const Line& line, Sort sort) {
    return weight(line.counters, line.total, sort);
}

// Weights are found out once, for sorting asks for them often.
bool before(const Line& a, const Line& b, std::uint64_t of_a, std::uint64_t of_b, Sort sort) {
    if (sort == Sort::name)
        return std::tie(a.name, a.pid) < std::tie(b.name, b.pid);
    return of_a != of_b ? of_a > of_b : std::tie(a.pid, a.name) < std::tie(b.pid, b.name);
}

using Order = std::vector<std::size_t>;
using Children = std::map<std::size_t, Order>;

// The lines of `order`, each followed by those that stand below it.
void unfold(const Order& order, const Children& children, std::size_t depth,
            std::vector<Placed>& to) {
    for (const std::size_t i : order) {
        to.push_back({i, depth});
        if (const auto below = children.find(i); below != children.end())
            unfold(below->second, children, depth + 1, to);
    }
}

} // namespace

std::uint64_t weight(const Counters& counters, const Counters& total, Sort sort) {
    switch (sort) {
    case Sort::sent:
        return counters.sent().bytes;
    case Sort::received:
        return counters.received().bytes;
    case Sort::packets:
        return counters.all().packets;
    case Sort::total:
        return total.all().bytes;
    case Sort::bytes:
        return counters.all().bytes;
    default:
        return 0;
    }
}

std::vector<Placed> placed(const std::vector<Line>& lines, Sort sort, const Weigh& weigh) {
    Order order;
    std::vector<std::uint64_t> weights(lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (const auto weight = weigh(i)) {
            weights[i] = *weight;
            order.push_back(i);
        }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return before(lines[a], lines[b], weights[a], weights[b], sort);
    });
    // A parent has carried at least what those below it have, so that it is there when they are.
    Order roots;
    Children children;
    for (const std::size_t i : order)
        (lines[i].parent ? children[*lines[i].parent] : roots).push_back(i);
    std::vector<Placed> result;
    result.reserve(order.size());
    unfold(roots, children, 0, result);
    return result;
}

std::vector<Line> chosen(const std::vector<Line>& lines, const Choice& choice) {
    auto places = placed(lines, choice.sort, [&](std::size_t i) {
        return lines[i].counters.all().bytes >= choice.min_bytes
                   ? std::optional(weight(lines[i], choice.sort))
                   : std::nullopt;
    });
    if (choice.top != 0 && places.size() > choice.top)
        places.resize(choice.top);
    std::vector<Line> result;
    result.reserve(places.size());
    for (const auto& place : places) {
        result.push_back(lines[place.line]);
        result.back().shown.insert(0, 2 * place.depth, ' ');
    }
    return result;
}

} // namespace netatop
