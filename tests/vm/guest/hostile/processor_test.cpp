// SPDX-License-Identifier: GPL-2.0-only
// Processors that are taken away and given back while they count.
#include "lib/guest_test.h"

#include <unistd.h>

#include "lib/command.h"
#include "lib/stream.h"

using namespace guest;

namespace {

constexpr auto second = "/sys/devices/system/cpu/cpu1/online";

class Processor : public FamilyTest {
protected:
    void SetUp() override {
        if (::access(second, W_OK) != 0)
            GTEST_SKIP() << "this machine has no processor that can be taken away";
        FamilyTest::SetUp();
    }
    void TearDown() override {
        if (IsSkipped())
            return;
        write_file(second, "1");
        FamilyTest::TearDown();
    }
};

} // namespace

BOTH_FAMILIES(Processor);

TEST_P(Processor, GoneAndBackWhileCounting) {
    const Pair pair;
    Ledger ledger(pair.a, pair.b);
    Stream first(pair, family(), 0);
    Stream moved(pair, family(), 1);
    for (const char* online : {"0", "1", "0", "1"}) {
        first.await_more();
        write_file(second, online);
    }
    moved.await_more();
    write_file(second, "0");
    first.end();
    moved.end();
    ledger.compare("one processor is gone");
}
