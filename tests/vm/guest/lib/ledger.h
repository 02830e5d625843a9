// SPDX-License-Identifier: GPL-2.0-only
// The promise of exactness: over an interval, all tasks plus the named classes carry exactly what
// the interfaces of the end hosts carried.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "lib/ctl.h"
#include "lib/module.h"
#include "lib/pair.h"

namespace guest {

class Ledger {
public:
    // Starts an interval. The sources are what together counts the truth.
    explicit Ledger(std::vector<std::function<Traffic()>> sources);
    Ledger(const Side& a, const Side& b);

    // The truth since the start.
    Traffic carried() const;
    // Live processes, exit records and classes since the start.
    Counters credited();
    // Compares both, and the module's own total.
    void compare(const std::string& what = "tasks and classes");
    // Of one class since the start.
    Counters in_class(const std::string& label) const;

private:
    bool begin();
    Counters tasks() const;

    Ctl ctl_;
    std::vector<std::function<Traffic()>> sources_;
    ExitReader reader_;
    Counters exited_;
    Counters before_;
    module::Status status_before_;
    Traffic carried_before_;
};

} // namespace guest
