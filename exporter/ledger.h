// SPDX-License-Identifier: GPL-2.0-only
// What was carried since the exporter began, by whom: counters that never go down, each under a
// name that an engine of metrics can keep. Names are bounded; what has no room is in one called
// "other".
#pragma once

#include "families.h"
#include "identity.h"
#include "sample.h"
#include "sums.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace netatop {

struct LedgerLimits {
    std::size_t units = 2000; // and containers
    std::size_t commands = 500;
    std::size_t slices = 200;
    // How long a unit is told that has ended: a scrape more of each engine must fit in.
    std::chrono::seconds keep{300};
    // A command that carried nothing for so long makes room for another one.
    std::chrono::seconds idle{3600};
};

class Ledger {
public:
    using Time = std::chrono::steady_clock::time_point;

    explicit Ledger(const LedgerLimits& limits) : limits_(limits) {}

    // What cgroups carried since the time before, those that ended included. All that are there are
    // in it.
    void add(const std::vector<Sum>& sums, Identities& identities, Time now);
    // Likewise processes.
    void add(const std::vector<Entry>& entries, Time now);
    // What commands carried of which nobody knows the name.
    void add_nameless(const Counters& moved) { other_command_ += moved; }

    // Puts all of it into an account. Who has ended, and was told after that for long enough, is
    // told for the last time.
    void tell(Account& account, Time now);

private:
    using Key = std::tuple<std::string, std::string, std::string>; // slice, unit, container
    struct Unit {
        Share share;
        bool present = false; // at the last look
        bool ended = false;
        bool told = false; // since it ended
        Time end{};
    };
    struct Command {
        Counters counters;
        Time last{};
    };

    // Where what a cgroup carries is counted; found out once, while it is there.
    struct Seat {
        Counters* slice = nullptr;
        Unit* unit = nullptr;
        Unit* below = nullptr; // likewise what ended below it
        bool seen = false;     // at the last look
    };

    static std::string slice_name(const Cgroup& cgroup, Identities& identities);
    Counters& slice_of(const std::string& name);
    Unit& unit_of(const Share& who);
    Counters& command_of(const std::string& name, Time now);
    Seat seat_of(const Cgroup& cgroup, Identities& identities);
    Seat known_seat_of(const Sum& sum, Identities& identities);
    static void add(const Sum& sum, const Seat& seat);
    bool make_room_for_unit();
    bool make_room_for_command(Time now);

    LedgerLimits limits_;
    std::map<std::string, Counters> slices_;
    std::map<Key, Unit> units_;
    std::unordered_map<std::uint64_t, Seat> seats_; // of cgroups that are there, by number
    std::map<std::string, Command> commands_;
    Counters other_command_;
    Counters waiting_; // at the last look
    std::size_t units_without_room_ = 0;
};

} // namespace netatop
