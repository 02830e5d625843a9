// SPDX-License-Identifier: GPL-2.0-only
// Allocations that fail on demand, where the kernel was built with fault injection.
#pragma once

#include <functional>
#include <string>

#include "lib/fd.h"

namespace stress {

bool faults_possible();

// For as long as it lives, so many percent of the allocations fail that the loaded module asks for
// itself or has others ask for.
class ModuleFaults {
public:
    explicit ModuleFaults(unsigned percent);
    ModuleFaults(const ModuleFaults&) = delete;
    ModuleFaults& operator=(const ModuleFaults&) = delete;
    ~ModuleFaults();
};

// Lockdep stops at the first thing that it complains of.
bool still_watched();

// An operation of which each allocation is to fail in turn.
struct Trial {
    std::string name;
    // Before it, without faults, in the same process.
    std::function<void()> prepare;
    std::function<void()> operation;
    // Afterwards, in this process.
    std::function<void()> settle;
    // Every so manieth allocation fails.
    unsigned stride = 1;
};

// Tries it in a new process for each allocation, until one would come after its end. Returns how
// many failed.
unsigned fail_each(const Trial& trial);

} // namespace stress
