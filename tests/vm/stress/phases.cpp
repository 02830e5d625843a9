// SPDX-License-Identifier: GPL-2.0-only
#include "phases.h"

#include <algorithm>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "balance.h"
#include "faults.h"
#include "lib/command.h"
#include "lib/low_voice.h"
#include "lib/module.h"
#include "lib/sleep.h"
#include "lib/wait.h"
#include "trials.h"

namespace stress {

namespace {

namespace module = guest::module;

// How many percent of the module's allocations fail.
constexpr unsigned fault_rate = 20;

Roles operator+(Roles some, const Roles& more) {
    some.insert(some.end(), more.begin(), more.end());
    return some;
}

// All that has the kernel's code stay as it is.
Roles everybody(const Stage& stage) {
    return traffic_roles(stage) + process_roles(stage) + cgroup_roles(stage) + namespace_roles() +
           stranger_roles(stage) + reader_roles();
}

// Readers that are inside keep the module for a moment.
void unload() {
    int error = 0;
    if (!guest::eventually([&] { return (error = module::unload()) == 0; }))
        guest::fail("unload the module", error);
}

void load() {
    if (const int error = module::load())
        guest::fail("load the module", error);
}

// With the module loaded; afterwards, at rest, its books must balance, and it must unload.
void with_module(const std::function<void()>& act) {
    load();
    act();
    expect_balance();
    unload();
}

// The same, while a cast plays for as long as its director takes.
void play(const Roles& roles, const std::function<void(const Cast&)>& direct) {
    with_module([&] {
        Cast cast(roles);
        direct(cast);
        cast.stop();
    });
}

void everything_at_once(const Roles& roles, const Extent& extent) {
    play(roles, [&](const Cast&) { std::this_thread::sleep_for(extent.seconds); });
}

void steady(const Stage& stage, const Extent& extent) {
    everything_at_once(everybody(stage), extent);
}

void switch_off_and_on(const Stage& stage, const Extent& extent) {
    everything_at_once(everybody(stage) + switch_roles(), extent);
}

// As often as the time allows.
void sleep_and_wake(const Stage& stage, const Extent& extent) {
    if (!guest::can_sleep())
        throw std::runtime_error("this machine cannot sleep: run tests/vm/mini/off-share");
    play(everybody(stage), [&](const Cast&) {
        const auto end = guest::Clock::now() + extent.seconds;
        unsigned times = 0;
        for (; guest::Clock::now() < end; times++) {
            std::this_thread::sleep_for(std::chrono::seconds(5));
            guest::sleep_once();
        }
        std::cout << "  slept " << times << " times\n";
    });
}

// Grace periods do not wait for their turn.
void hurry(bool on) {
    guest::write_file("/sys/kernel/rcu_expedited", on ? "1" : "0");
}

void load_and_unload(const Stage& stage, const Extent& extent) {
    Cast cast(everybody(stage) + switch_roles());
    hurry(true);
    const auto end = guest::Clock::now() + extent.seconds;
    unsigned cycles = 0;
    for (; guest::Clock::now() < end || cycles < extent.reloads; cycles++) {
        load();
        std::this_thread::sleep_for(std::chrono::milliseconds(cycles * 37 % 400));
        unload();
    }
    hurry(false);
    std::cout << "  " << cycles << " times loaded and unloaded\n";
    with_module([&] {
        std::this_thread::sleep_for(std::chrono::seconds(2));
        cast.stop();
    });
}

void faults_at_random(const Stage& stage, const Extent& extent) {
    play(everybody(stage), [&](const Cast&) {
        const ModuleFaults faults(fault_rate);
        std::this_thread::sleep_for(extent.seconds);
    });
}

void commands_at_random(const Stage& stage, const Extent& extent) {
    const Roles calling = caller_roles();
    const std::uint64_t callers = calling.size();
    play(calling + process_roles(stage), [&](const Cast& cast) {
        const auto end = guest::Clock::now() + extent.seconds;
        // The turns that callers are in do not count yet.
        const auto calls = [&] {
            return (std::max(cast.turns("calls"), callers) - callers) * calls_per_turn;
        };
        while (guest::Clock::now() < end || calls() < extent.calls)
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        std::cout << "  " << calls() << " calls\n";
    });
}

void each_fault(const Stage& stage, const Extent&) {
    {
        // Loading a module or making a namespace, the kernel's own code warns of each allocation of
        // it that fails, and dumps the stack. What it warns of instead of that still shows in the
        // taint, or ends lockdep.
        const guest::LowVoice errors_only(4);
        hurry(true);
        fail_each_of(loading_trials());
        hurry(false);
        with_module([&] { fail_each_of(running_trials(stage)); });
    }
    if (!still_watched())
        throw std::runtime_error("lockdep complained");
}

} // namespace

Phase phase_named(const std::string& name) {
    static const Phase phases[] = {
        {"steady", steady},           {"switch", switch_off_and_on},
        {"reload", load_and_unload},  {"commands", commands_at_random},
        {"faults", faults_at_random}, {"each-fault", each_fault},
        {"sleep", sleep_and_wake},
    };
    for (const auto& phase : phases)
        if (phase.name == name)
            return phase;
    throw std::runtime_error("no phase " + name);
}

} // namespace stress
