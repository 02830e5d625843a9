// SPDX-License-Identifier: GPL-2.0-only
// The first half of a suspension, after which the kernel thaws everybody again: devices are
// not suspended, since the one by which results leave the machine would not come back.
#include "lib/guest_test.h"

#include <unistd.h>

#include "lib/command.h"
#include "lib/stream.h"

using namespace guest;

namespace {

constexpr auto how_far = "/sys/power/pm_test";

class Suspend : public FamilyTest {
protected:
    void SetUp() override {
        if (::access(how_far, W_OK) != 0)
            GTEST_SKIP() << "this kernel has no test of suspension";
        FamilyTest::SetUp();
        write_file(how_far, "freezer");
        write_file("/sys/module/suspend/parameters/pm_test_delay", "1");
    }
    void TearDown() override {
        if (IsSkipped())
            return;
        write_file(how_far, "none");
        FamilyTest::TearDown();
    }
};

} // namespace

BOTH_FAMILIES(Suspend);

TEST_P(Suspend, EverybodyIsFrozenWhileCounting) {
    const Pair pair;
    Ledger ledger(pair.a, pair.b); // whose reader waits for records meanwhile
    Stream stream(pair, family());
    stream.await_more();
    write_file("/sys/power/state", "freeze");
    stream.await_more();
    stream.end();
    ledger.compare("afterwards");
    compare("EMPTY_EXIT", 0, ctl.call(NETATOP_EMPTY_EXIT));
}
