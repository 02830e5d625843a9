// SPDX-License-Identifier: GPL-2.0-only
// What the exporter keeps: counters that never go down, under names that are bounded.
#include "ledger.h"

#include "collapse.h"
#include "rising.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace netatop::test {

namespace {

using std::chrono::seconds;

Counters sent(std::uint64_t packets, std::uint64_t bytes) {
    Counters counters;
    counters.udp_sent = {packets, bytes};
    return counters;
}

Entry entry(const std::string& name, const Counters& moved) {
    Entry one;
    one.task.name = name;
    one.moved = moved;
    return one;
}

Sum sum(std::uint64_t id, const std::string& path, const Counters& own, bool ended = false) {
    Sum one;
    one.cgroup.id = id;
    one.cgroup.path = path;
    one.own = own;
    one.ended = ended;
    return one;
}

class LedgerTest : public ::testing::Test {
protected:
    LedgerTest() {
        limits.units = 3;
        limits.commands = 2;
        limits.slices = 2;
        limits.keep = seconds(60);
        limits.idle = seconds(600);
    }
    void add(const std::vector<Sum>& sums, int at = 0) { ledger().add(sums, identities, time(at)); }
    Account told(int at = 0) {
        Account account;
        ledger().tell(account, time(at));
        return account;
    }
    static Ledger::Time time(int at) { return Ledger::Time() + seconds(at + 100000); }
    static std::uint64_t packets_of(const Account& account, const std::string& unit) {
        std::uint64_t packets = 0;
        for (const auto& share : account.shares.units)
            if (share.unit == unit)
                packets += share.counters.all().packets;
        return packets;
    }
    static std::uint64_t all_units(const Account& account) {
        std::uint64_t packets = 0;
        for (const auto& share : account.shares.units)
            packets += share.counters.all().packets;
        return packets;
    }
    static std::uint64_t command(const Account& account, const std::string& name) {
        std::uint64_t packets = 0;
        for (const auto& one : account.commands)
            if (one.name == name)
                packets += one.counters.all().packets;
        return packets;
    }
    Ledger& ledger() {
        if (!ledger_)
            ledger_.emplace(limits);
        return *ledger_;
    }

    LedgerLimits limits;
    Identities identities{Cgroups("/nowhere")};

private:
    std::optional<Ledger> ledger_;
};

} // namespace

TEST(Collapsed, NamesThatProgramsMake) {
    EXPECT_EQ(collapsed("session-12.scope"), "session-*.scope");
    EXPECT_EQ(collapsed("run-u5.service"), "run-*.service");
    EXPECT_EQ(collapsed("run-rfc0ffee.scope"), "run-*.scope");
    EXPECT_EQ(collapsed("app-firefox-4711.scope"), "app-firefox-*.scope");
    EXPECT_EQ(collapsed("user@1000.service/app-gnome-mail-12.scope"),
              "user@1000.service/app-gnome-mail-*.scope");
    EXPECT_EQ(collapsed("user@1000.service/app-mail@f00.service"),
              "user@1000.service/app-mail@*.service");
    EXPECT_EQ(collapsed("sshd@3-10.0.0.1:22-10.0.0.9:5123.service"), "sshd@*.service");
}

TEST(Collapsed, NamesThatPeopleMake) {
    for (const auto* name : {"nginx.service", "init.scope", "getty@tty1.service",
                             "user@1000.service", "openvpn@site-2.service", "wg-quick@wg0.service",
                             "", "runner.service", "backup@2.service", "-.slice"})
        EXPECT_EQ(collapsed(name), name);
}

TEST(Rising, TellsNothingOfWhatWasThere) {
    Rising rising;
    rising.begin(100);
    EXPECT_EQ(rising.rise(100), 0U);
    EXPECT_EQ(rising.rise(130), 30U);
}

TEST(Rising, NeverGoesDown) {
    Rising rising;
    rising.begin(100);
    EXPECT_EQ(rising.rise(110), 10U);
    EXPECT_EQ(rising.rise(105), 10U) << "less for a moment";
    EXPECT_EQ(rising.rise(90), 10U) << "even less than at the beginning";
    EXPECT_EQ(rising.rise(112), 12U) << "and nothing is told twice";
}

TEST(Rising, GoesOnWhenTheOtherBeginsAgain) {
    Rising rising;
    rising.begin(100);
    EXPECT_EQ(rising.rise(150), 50U);
    rising.restart();
    EXPECT_EQ(rising.rise(0), 50U);
    EXPECT_EQ(rising.rise(7), 57U);
}

TEST_F(LedgerTest, AddsUp) {
    limits.units = 10;
    add({sum(1, "/", sent(1, 10)), sum(2, "/a.slice", {}),
         sum(3, "/a.slice/x.service", sent(2, 20)), sum(4, "/a.slice/session-1.scope", sent(4, 40)),
         sum(5, "/a.slice/session-2.scope", sent(8, 80))});
    add({sum(1, "/", {}), sum(3, "/a.slice/x.service", sent(16, 160))});
    const auto account = told();
    EXPECT_EQ(account.shares.slices.at("/").all(), (Flow{1, 10}));
    EXPECT_EQ(account.shares.slices.at("a.slice").all(), (Flow{2 + 4 + 8 + 16, 300}));
    EXPECT_EQ(packets_of(account, "x.service"), 18U);
    EXPECT_EQ(packets_of(account, "session-*.scope"), 12U);
    EXPECT_EQ(packets_of(account, ""), 1U) << "what is in no unit";
    EXPECT_EQ(all_units(account), 31U);
}

// What ended unheard below a slice was a unit; what ended in a unit was a part of it.
TEST_F(LedgerTest, WhatEndedUnheardIsWhereItWas) {
    auto slice = sum(2, "/a.slice", {});
    slice.ended_below = sent(1, 10);
    auto unit = sum(3, "/a.slice/x.service", sent(2, 20));
    unit.ended_below = sent(4, 40);
    add({slice, unit});
    const auto account = told();
    EXPECT_EQ(packets_of(account, ""), 1U);
    EXPECT_EQ(packets_of(account, "x.service"), 6U);
    EXPECT_EQ(account.shares.slices.at("a.slice").all().packets, 7U);
}

TEST_F(LedgerTest, AUnitThatEndsIsToldOnceMoreAndForSoLong) {
    add({sum(3, "/a.slice/x.service", sent(2, 20))}, 0);
    (void)told(0);
    add({sum(3, "/a.slice/x.service", sent(1, 10), true)}, 10);
    EXPECT_EQ(packets_of(told(100), "x.service"), 3U) << "nobody has seen its last value";
    EXPECT_EQ(packets_of(told(100), "x.service"), 0U);
    EXPECT_EQ(told(100).shares.slices.at("a.slice").all().packets, 3U);
    add({sum(4, "/a.slice/y.service", sent(2, 20))}, 200);
    add({sum(4, "/a.slice/y.service", {}, true)}, 210);
    EXPECT_EQ(packets_of(told(211), "y.service"), 2U);
    EXPECT_EQ(packets_of(told(269), "y.service"), 2U) << "for another engine";
    EXPECT_EQ(packets_of(told(270), "y.service"), 0U);
}

TEST_F(LedgerTest, AUnitThatComesAgainGoesOn) {
    add({sum(3, "/a.slice/x.service", sent(2, 20))}, 0);
    add({sum(3, "/a.slice/x.service", {}, true)}, 1);
    add({sum(9, "/a.slice/x.service", sent(5, 50))}, 2);
    EXPECT_EQ(packets_of(told(3), "x.service"), 7U);
    EXPECT_EQ(packets_of(told(1000), "x.service"), 7U) << "it is there";
}

// The room of one that was forgotten would be given to the other.
TEST_F(LedgerTest, AUnitThatComesAgainMakesNoRoom) {
    add({sum(1, "/a.slice/1.service", sent(1, 1)), sum(2, "/a.slice/2.service", sent(1, 1)),
         sum(3, "/a.slice/3.service", sent(1, 1))});
    add({sum(2, "/a.slice/2.service", {}), sum(3, "/a.slice/3.service", {}),
         sum(1, "/a.slice/1.service", {}, true)},
        1);
    (void)told(1);
    const std::vector<Sum> sums{sum(2, "/a.slice/2.service", {}), sum(3, "/a.slice/3.service", {}),
                                sum(7, "/a.slice/1.service", sent(4, 4)),
                                sum(8, "/a.slice/8.service", sent(16, 16))};
    add(sums, 2);
    EXPECT_EQ(packets_of(told(2), "1.service"), 5U);
    add(sums, 3);
    EXPECT_EQ(packets_of(told(3), "1.service"), 9U);
    EXPECT_EQ(packets_of(told(3), "other"), 32U);
}

TEST_F(LedgerTest, AUnitWithoutRoomGetsItLater) {
    const auto three = [&](bool first_ended) {
        return std::vector<Sum>{
            sum(1, "/a.slice/1.service", {}, first_ended), sum(2, "/a.slice/2.service", sent(1, 1)),
            sum(3, "/a.slice/3.service", sent(1, 1)), sum(4, "/a.slice/4.service", sent(4, 4))};
    };
    add(three(false));
    EXPECT_EQ(packets_of(told(), "other"), 4U);
    add(three(true), 1);
    (void)told(1);
    add({sum(2, "/a.slice/2.service", {}), sum(3, "/a.slice/3.service", {}),
         sum(4, "/a.slice/4.service", sent(16, 16))},
        2);
    EXPECT_EQ(packets_of(told(2), "4.service"), 16U);
}

// Where units end that are in no cgroup of their own any more, there is a row as long as that.
TEST_F(LedgerTest, WhatEndedBelowAUserStays) {
    auto user = sum(5, "/a.slice/user@7.service", sent(1, 1));
    user.ended_below = sent(2, 2);
    for (const int at : {0, 1000, 2000}) {
        add({user}, at);
        (void)told(at);
        (void)told(at + 500);
    }
    EXPECT_EQ(packets_of(told(3000), "user@7.service"), 3U);
    EXPECT_EQ(packets_of(told(3000), ""), 6U);
}

TEST_F(LedgerTest, UnitsWithoutRoomAreTogether) {
    add({sum(1, "/a.slice/1.service", sent(1, 1)), sum(2, "/a.slice/2.service", sent(1, 1)),
         sum(3, "/a.slice/3.service", sent(1, 1)), sum(4, "/a.slice/4.service", sent(4, 4)),
         sum(5, "/a.slice/5.service", sent(8, 8))});
    auto account = told();
    EXPECT_EQ(packets_of(account, "other"), 12U);
    EXPECT_EQ(all_units(account), 15U);
    EXPECT_EQ(account.shares.left_out, 2U);
    // One that ended, and was told, makes room.
    add({sum(2, "/a.slice/2.service", {}), sum(3, "/a.slice/3.service", {}),
         sum(1, "/a.slice/1.service", {}, true)},
        1);
    (void)told(1);
    add({sum(2, "/a.slice/2.service", {}), sum(3, "/a.slice/3.service", {}),
         sum(6, "/a.slice/6.service", sent(3, 3))},
        2);
    account = told(2);
    EXPECT_EQ(packets_of(account, "6.service"), 3U);
    EXPECT_EQ(packets_of(account, "other"), 12U) << "never less";
}

TEST_F(LedgerTest, SlicesWithoutRoomAreTogether) {
    add({sum(1, "/a.slice", sent(1, 1)), sum(2, "/b.slice", sent(2, 2)),
         sum(3, "/c.slice", sent(4, 4)), sum(4, "/d.slice", sent(8, 8))});
    const auto account = told();
    EXPECT_EQ(account.shares.slices.at("other").all().packets, 12U);
    EXPECT_EQ(account.shares.slices.size(), 3U);
}

TEST_F(LedgerTest, CommandsWithoutRoomAreTogether) {
    ledger().add({entry("a", sent(1, 1)), entry("b", sent(2, 2)), entry("c", sent(4, 4)),
                  entry("other", sent(8, 8))},
                 time(0));
    auto account = told();
    EXPECT_EQ(command(account, "a"), 1U);
    EXPECT_EQ(command(account, "other"), 12U) << "also one that is called like that";
    EXPECT_EQ(std::count_if(account.commands.begin(), account.commands.end(),
                            [](const auto& one) { return one.name == "other"; }),
              1);
    // Who carried nothing for long makes room; who has just carried something does not.
    ledger().add({entry("b", sent(1, 1))}, time(500));
    ledger().add({entry("d", sent(16, 16))}, time(599));
    EXPECT_EQ(command(told(), "other"), 28U);
    ledger().add({entry("d", sent(32, 32))}, time(600));
    account = told();
    EXPECT_EQ(command(account, "a"), 0U);
    EXPECT_EQ(command(account, "b"), 3U);
    EXPECT_EQ(command(account, "d"), 32U);
}

TEST_F(LedgerTest, NamesOfAnyBytes) {
    ledger().add({entry("a\x01\xff", sent(1, 1)), entry("a\x02\xfe", sent(2, 2))}, time(0));
    const auto account = told();
    ASSERT_EQ(account.commands.size(), 1U) << "they are one for who can tell only text";
    EXPECT_EQ(account.commands[0].counters.all().packets, 3U);
}

// A hundred thousand of both that come and go leave nothing.
TEST_F(LedgerTest, IsBounded) {
    std::uint64_t all = 0;
    for (int i = 0; i < 100'000; ++i) {
        const auto id = static_cast<std::uint64_t>(i) + 10;
        const auto name = std::to_string(i);
        add({sum(id, "/s" + name + ".slice/u" + name + ".service", sent(1, 1), true)}, i);
        ledger().add({entry("c" + name, sent(1, 1))}, time(i));
        identities.keep({});
        ++all;
    }
    const auto account = told(100'000);
    EXPECT_LE(account.shares.units.size(), limits.units + 1);
    EXPECT_LE(account.commands.size(), limits.commands + 1);
    EXPECT_LE(account.shares.slices.size(), limits.slices + 1);
    std::uint64_t in_slices = 0;
    for (const auto& [name, counters] : account.shares.slices)
        in_slices += counters.all().packets;
    EXPECT_EQ(in_slices, all);
}

} // namespace netatop::test
