// SPDX-License-Identifier: GPL-2.0-only
// What every scenario starts from: the module loaded, a client of it.
#pragma once

#include <gtest/gtest.h>

#include "lib/compare.h"
#include "lib/ctl.h"
#include "lib/ledger.h"
#include "lib/module.h"
#include "lib/pair.h"
#include "lib/talk.h"

namespace guest {

class GuestTest : public testing::Test {
protected:
    void SetUp() override { module::require(); }
    void TearDown() override {
        if (!module::loaded())
            return;
        const auto said = module::audit();
        EXPECT_FALSE(module::audit_is_wrong(said)) << "the module's audit says: " << said;
        if (!HasFailure())
            return;
        for (const auto& line : module::Status::read().lines)
            std::cout << "/proc/netatop: " << line << '\n';
    }

    void expect_process(const std::string& what, pid_t pid, const Counters& expected) const {
        compare_soon(what + ", process", expected, [&] { return ctl.process_counters(pid); });
    }
    void expect_thread(const std::string& what, pid_t tid, const Counters& expected) const {
        compare_soon(what + ", thread", expected, [&] { return ctl.thread_counters(tid); });
    }
    // A process of one thread.
    void expect_task(const std::string& what, pid_t pid, const Counters& expected) const {
        expect_process(what, pid, expected);
        expect_thread(what, pid, expected);
    }

    Ctl ctl;
};

class FamilyTest : public GuestTest, public testing::WithParamInterface<Family> {
protected:
    Family family() const { return GetParam(); }
    bool v4() const { return family() == Family::v4; }
};

#define BOTH_FAMILIES(suite)                                                                       \
    INSTANTIATE_TEST_SUITE_P(, suite, testing::Values(Family::v4, Family::v6),                     \
                             [](const auto& given) { return std::string(name(given.param)); })

} // namespace guest
