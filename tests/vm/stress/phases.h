// SPDX-License-Identifier: GPL-2.0-only
// The parts of a run, each from loading the module to unloading it.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "roles.h"

namespace stress {

// How much of it, at least.
struct Extent {
    std::chrono::seconds seconds{60};
    unsigned reloads = 0;
    std::uint64_t calls = 0;
};

struct Phase {
    std::string name;
    std::function<void(const Stage&, const Extent&)> run;
};

// steady: everything at once; switch: accounting, too, is switched off and on; reload: under it,
// the module is loaded and unloaded again and again;
// sleep: everything at once, while the machine is suspended now and then;
// commands: calls at random under forks and exits; faults: everything, while allocations of the
// module fail; each-fault: each allocation fails once.
Phase phase_named(const std::string& name);

} // namespace stress
