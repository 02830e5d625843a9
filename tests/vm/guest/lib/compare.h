// SPDX-License-Identifier: GPL-2.0-only
// One printed line for each comparison: "scenario: what: expected X, got Y".
#pragma once

#include <gtest/gtest.h>

#include <iostream>
#include <sstream>
#include <string>
#include <type_traits>

#include "lib/wait.h"

namespace guest {

inline std::string scenario() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    return info ? std::string(info->test_suite_name()) + "." + info->name() : "set-up";
}

template <class E, class G>
bool compare(const std::string& what, const E& expected, const G& got) {
    const bool same = expected == got;
    std::cout << scenario() << ": " << what << ": expected " << expected << ", got " << got
              << (same ? "" : " <- DIFFERENT") << std::endl;
    if (!same)
        ADD_FAILURE() << what << ": expected " << expected << ", got " << got;
    return same;
}

// Counters move until the last packet has arrived: read until they agree or time is up, and judge
// what was read last, for more may have come since.
template <class Expected, class Got>
bool compare_settled(const std::string& what, Expected expected, Got got) {
    std::decay_t<decltype(expected())> last_expected{};
    std::decay_t<decltype(got())> last_got{};
    eventually(
        [&] {
            last_expected = expected();
            last_got = got();
            return last_expected == last_got;
        },
        settling);
    return compare(what, last_expected, last_got);
}

template <class E, class Got>
bool compare_soon(const std::string& what, const E& expected, Got got) {
    return compare_settled(
        what, [&] { return expected; }, got);
}

} // namespace guest
