// SPDX-License-Identifier: GPL-2.0-only
// Time, and waiting with deadlines. Emulated machines are slow: limits are generous, and nothing
// waits longer than the condition needs.
#pragma once

#include <chrono>
#include <cstdint>
#include <thread>
#include <time.h>

#include "lib/fd.h"

namespace guest {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How long a helper or a packet may take before the test gives up on it.
constexpr milliseconds patience{30000};
// How long counters may take to become equal.
constexpr milliseconds settling{4000};

// As the module tells times: since boot, suspension included.
inline std::uint64_t boottime_ns() {
    timespec now{};
    check(::clock_gettime(CLOCK_BOOTTIME, &now), "clock_gettime");
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec);
}

template <class Condition>
bool eventually(Condition condition, milliseconds limit = patience) {
    const auto deadline = Clock::now() + limit;
    while (!condition()) {
        if (Clock::now() >= deadline)
            return false;
        std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
}

} // namespace guest
