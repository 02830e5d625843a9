// SPDX-License-Identifier: GPL-2.0-only
// Suspension: its first half, after which the kernel thaws everybody again, in every machine; the
// whole of it in one whose results leave it later.
#include "lib/guest_test.h"

#include <functional>
#include <unistd.h>

#include "lib/command.h"
#include "lib/sleep.h"
#include "lib/stream.h"

using namespace guest;

namespace {

constexpr auto how_far = "/sys/power/pm_test";

class Suspend : public FamilyTest {
protected:
    void SetUp() override {
        FamilyTest::SetUp();
        if (::access(how_far, W_OK) == 0)
            write_file(how_far, "none");
    }

    // Packets before, meanwhile as far as anybody runs, and after.
    void count_across(const std::function<void()>& suspension) const {
        const Pair pair;
        Ledger ledger(pair.a, pair.b); // whose reader waits for records meanwhile
        Stream stream(pair, family());
        stream.await_more();
        suspension();
        stream.await_more();
        stream.end();
        ledger.compare("afterwards");
        compare("EMPTY_EXIT", 0, ctl.call(NETATOP_EMPTY_EXIT));
    }
};

} // namespace

BOTH_FAMILIES(Suspend);

TEST_P(Suspend, EverybodyIsFrozenWhileCounting) {
    if (::access(how_far, W_OK) != 0)
        GTEST_SKIP() << "this kernel has no test of suspension";
    write_file("/sys/module/suspend/parameters/pm_test_delay", "1");
    count_across([] {
        write_file(how_far, "freezer");
        write_file("/sys/power/state", "freeze");
    });
}

TEST_P(Suspend, MachineSleepsWhileCounting) {
    if (!can_sleep())
        GTEST_SKIP() << "results leave this machine by a device that would not wake up";
    count_across(sleep_once);
}
