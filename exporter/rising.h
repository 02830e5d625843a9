// SPDX-License-Identifier: GPL-2.0-only
// Counters of something that may begin again, or become less for a moment: they never do.
#pragma once

#include "counters.h"

#include <array>
#include <cstdint>

namespace netatop {

class Rising {
public:
    // Tells nothing of what there is already.
    void begin(std::uint64_t present);
    // What is counted begins at 0 again.
    void restart();
    std::uint64_t rise(std::uint64_t present);

private:
    std::uint64_t base_ = 0; // by which the present is too much; may wrap
    std::uint64_t shown_ = 0;
};

// Likewise all that somebody carried.
class RisingCounters {
public:
    void begin(const Counters& present);
    void restart();
    Counters rise(const Counters& present);

private:
    struct RisingFlow {
        Rising packets;
        Rising bytes;
    };
    std::array<RisingFlow, all_flows.size()> flows_;
};

} // namespace netatop
