// SPDX-License-Identifier: GPL-2.0-only
// The parts of a run, each from loading the module to unloading it.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "roles.h"

namespace stress {

struct Phase {
    std::string name;
    std::function<void(const Stage&, std::chrono::seconds)> run;
};

// steady: everything at once; reload: under it, the module is loaded and unloaded again and again;
// faults: everything, while allocations of the module fail; each-fault: each allocation fails once.
Phase phase_named(const std::string& name);

} // namespace stress
