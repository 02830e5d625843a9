// SPDX-License-Identifier: GPL-2.0-only
#include "rising.h"

#include <algorithm>

namespace netatop {

void Rising::begin(std::uint64_t present) {
    base_ = present;
}

void Rising::restart() {
    base_ = 0 - shown_;
}

std::uint64_t Rising::rise(std::uint64_t present) {
    const auto value = present - base_;
    // One that is below the base, as far as it is above what was shown.
    constexpr std::uint64_t half = ~std::uint64_t{0} / 2;
    if (value < half)
        shown_ = std::max(shown_, value);
    return shown_;
}

void RisingCounters::begin(const Counters& present) {
    for (std::size_t i = 0; i < flows_.size(); ++i) {
        const Flow& flow = present.*all_flows.at(i);
        flows_.at(i).packets.begin(flow.packets);
        flows_.at(i).bytes.begin(flow.bytes);
    }
}

void RisingCounters::restart() {
    for (auto& flow : flows_) {
        flow.packets.restart();
        flow.bytes.restart();
    }
}

Counters RisingCounters::rise(const Counters& present) {
    Counters risen;
    for (std::size_t i = 0; i < flows_.size(); ++i) {
        const Flow& flow = present.*all_flows.at(i);
        risen.*all_flows.at(i) = {flows_.at(i).packets.rise(flow.packets),
                                  flows_.at(i).bytes.rise(flow.bytes)};
    }
    return risen;
}

} // namespace netatop
