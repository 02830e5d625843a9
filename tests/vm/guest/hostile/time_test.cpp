// SPDX-License-Identifier: GPL-2.0-only
// Clocks that are set while traffic flows: counters do not depend on them.
#include "lib/guest_test.h"

#include <ctime>

using namespace guest;

namespace {

constexpr time_t day = 86400;

class SetClock : public FamilyTest {
protected:
    void TearDown() override {
        set(0);
        FamilyTest::TearDown();
    }
    // So many seconds from what it would be.
    void set(time_t offset) const {
        const auto passed = Clock::now() - started_;
        timespec now = real_;
        now.tv_sec += offset + std::chrono::duration_cast<std::chrono::seconds>(passed).count();
        check(::clock_settime(CLOCK_REALTIME, &now), "set the clock");
    }
    static timespec real_time() {
        timespec now{};
        check(::clock_gettime(CLOCK_REALTIME, &now), "read the clock");
        return now;
    }

    const timespec real_ = real_time();
    const Clock::time_point started_ = Clock::now();
};

} // namespace

BOTH_FAMILIES(SetClock);

TEST_P(SetClock, ForwardAndBackWhileCounting) {
    const auto& pair = standard_pair();
    Ledger ledger(pair.a, pair.b);
    UdpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()));
    unsigned sent = 0;
    for (const time_t offset : {3 * day, -3 * day, 400 * day, -day, time_t{0}}) {
        set(offset);
        parties.send({100, 3000, 20000});
        compare("EMPTY_EXIT", 0, ctl.call(NETATOP_EMPTY_EXIT));
        sent++;
    }
    ledger.compare("over " + std::to_string(sent) + " clocks");
}
