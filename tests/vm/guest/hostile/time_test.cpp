// SPDX-License-Identifier: GPL-2.0-only
// Clocks that are set, and one that wraps, while traffic flows: counters do not depend on them.
#include "lib/guest_test.h"

#include <ctime>

#include "lib/stream.h"

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

namespace {

// The kernel lets the lower half of its count of ticks wrap five minutes after it booted.
constexpr auto wrap = std::chrono::minutes(5);

std::chrono::nanoseconds since_boot() {
    timespec now{};
    check(::clock_gettime(CLOCK_BOOTTIME, &now), "read the clock");
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

class Ticks : public GuestTest {
protected:
    void SetUp() override {
        if (!::getenv("NETATOP_WAIT_FOR_TICKS"))
            GTEST_SKIP() << "waits five minutes: set NETATOP_WAIT_FOR_TICKS";
        GuestTest::SetUp();
    }
};

} // namespace

TEST_F(Ticks, WrapWhileCounting) {
    ASSERT_LT(since_boot(), wrap - std::chrono::seconds(3)) << "too late";
    const Pair pair;
    Ledger ledger(pair.a, pair.b);
    std::this_thread::sleep_for(wrap - std::chrono::seconds(2) - since_boot());
    Stream v4(pair, Family::v4);
    Stream v6(pair, Family::v6);
    v4.await_more();
    v6.await_more();
    ASSERT_LT(since_boot(), wrap);
    std::this_thread::sleep_for(wrap + std::chrono::seconds(1) - since_boot());
    v4.await_more();
    v6.await_more();
    compare("EMPTY_EXIT", 0, ctl.call(NETATOP_EMPTY_EXIT));
    v4.end();
    v6.end();
    ledger.compare("from one side to the other");
}
