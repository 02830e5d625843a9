// SPDX-License-Identifier: GPL-2.0-only
#include "ledger.h"

#include "collapse.h"
#include "shares.h"
#include "text.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace netatop {

namespace {

constexpr const char* other = "other";

} // namespace

Counters& Ledger::slice_of(const std::string& name) {
    const auto known = slices_.find(name);
    if (known != slices_.end() || slices_.size() < limits_.slices)
        return slices_[name];
    return slices_[other];
}

// One that has ended and was told since makes room: first the one that ended first.
bool Ledger::make_room_for_unit() {
    if (units_.size() < limits_.units)
        return true;
    auto first = units_.end();
    for (auto at = units_.begin(); at != units_.end(); ++at)
        if (at->second.ended && at->second.told &&
            (first == units_.end() || at->second.end < first->second.end))
            first = at;
    if (first == units_.end())
        return false;
    units_.erase(first);
    return true;
}

Ledger::Unit& Ledger::unit_of(const Share& who) {
    const Key key{who.slice, who.unit, who.container};
    auto known = units_.find(key);
    if (known == units_.end() && !make_room_for_unit()) {
        ++units_without_room_;
        auto& unit = units_[{other, other, ""}];
        unit.share.slice = other;
        unit.share.unit = other;
        unit.share.labels = labels_of(unit.share);
        return unit;
    }
    if (known == units_.end()) {
        known = units_.emplace(key, Unit{who}).first;
        known->second.share.labels = labels_of(who);
    }
    known->second.told = false; // it is about to become more, and makes no room for another one
    return known->second;
}

// The top-level one of a cgroup; where its own path is not known, of the one above.
std::string Ledger::slice_name(const Cgroup& cgroup, Identities& identities) {
    const auto& path = identities.path(cgroup.id);
    return clean(top_slice(path.empty() ? identities.path(cgroup.parent) : path));
}

Ledger::Seat Ledger::seat_of(const Cgroup& cgroup, Identities& identities) {
    const std::string slice = slice_name(cgroup, identities);
    const auto& workload = identities.workload(cgroup.id);
    const std::string name =
        workload.container.empty() ? collapsed(full_unit(workload)) : full_unit(workload);
    Seat seat;
    seat.slice = &slice_of(slice);
    seat.unit = &unit_of({slice, clean(name), clean(workload.container), workload.engine, {}});
    // What ended unheard below one that holds units was one of these.
    seat.below =
        holds_units(identities.path(cgroup.id)) ? &unit_of({slice, "", "", "", {}}) : seat.unit;
    return seat;
}

// A unit that has a seat was there at the last look, and is not forgotten before it ends.
Ledger::Seat Ledger::known_seat_of(const Sum& sum, Identities& identities) {
    const auto known = seats_.find(sum.cgroup.id);
    if (known != seats_.end()) {
        known->second.seen = true;
        return known->second;
    }
    const auto without_room = units_without_room_;
    Seat seat = seat_of(sum.cgroup, identities);
    seat.seen = true;
    // There may be room, or a name, the next time.
    if (!sum.ended && units_without_room_ == without_room &&
        !identities.path(sum.cgroup.id).empty())
        seats_.emplace(sum.cgroup.id, seat);
    return seat;
}

void Ledger::add(const Sum& sum, const Seat& seat) {
    *seat.slice += sum.own;
    *seat.slice += sum.ended_below;
    seat.unit->share.counters += sum.own;
    seat.unit->present = seat.unit->present || !sum.ended;
    seat.below->share.counters += sum.ended_below;
    seat.below->present = seat.below->present || !sum.ended;
}

void Ledger::add(const std::vector<Sum>& sums, Identities& identities, Time now) {
    for (auto& [key, unit] : units_)
        unit.present = false;
    waiting_ = {};
    units_without_room_ = 0;
    for (const auto& sum : sums)
        identities.learn(sum.cgroup);
    for (const auto& sum : sums) {
        add(sum, known_seat_of(sum, identities));
        if (!sum.ended)
            waiting_ += sum.cgroup.waiting;
        else
            seats_.erase(sum.cgroup.id);
    }
    for (auto at = seats_.begin(); at != seats_.end();)
        at = std::exchange(at->second.seen, false) ? std::next(at) : seats_.erase(at);
    for (auto& [key, unit] : units_) {
        if (!unit.present && !unit.ended) {
            unit.told = false;
            unit.end = now;
        }
        unit.ended = !unit.present;
    }
}

// The one that carried nothing for the longest time.
bool Ledger::make_room_for_command(Time now) {
    if (commands_.size() < limits_.commands)
        return true;
    const auto oldest =
        std::min_element(commands_.begin(), commands_.end(), [](const auto& a, const auto& b) {
            return a.second.last < b.second.last;
        });
    if (oldest == commands_.end() || now - oldest->second.last < limits_.idle)
        return false;
    commands_.erase(oldest);
    return true;
}

Counters& Ledger::command_of(const std::string& name, Time now) {
    auto known = commands_.find(name);
    if (name == other || (known == commands_.end() && !make_room_for_command(now)))
        return other_command_;
    if (known == commands_.end())
        known = commands_.emplace(name, Command{}).first;
    known->second.last = now;
    return known->second.counters;
}

void Ledger::add(const std::vector<Entry>& entries, Time now) {
    for (const auto& entry : entries)
        if (entry.moved.any())
            command_of(clean(entry.task.name), now) += entry.moved;
}

void Ledger::tell(Account& account, Time now) {
    account.shares.slices = slices_;
    account.shares.waiting = waiting_;
    account.shares.left_out = units_without_room_;
    account.shares.units.reserve(units_.size());
    account.commands.reserve(commands_.size() + 1);
    for (auto at = units_.begin(); at != units_.end();) {
        auto& unit = at->second;
        if (unit.ended && unit.told && now - unit.end >= limits_.keep) {
            at = units_.erase(at);
            continue;
        }
        unit.told = unit.ended;
        if (unit.share.counters.any())
            account.shares.units.push_back(unit.share);
        ++at;
    }
    for (const auto& [name, command] : commands_)
        account.commands.push_back({name, command.counters});
    if (other_command_.any())
        account.commands.push_back({other, other_command_});
}

} // namespace netatop
