// SPDX-License-Identifier: GPL-2.0-only
// Operations that reach every allocation of the module.
#pragma once

#include <vector>

#include "faults.h"
#include "roles.h"

namespace stress {

// For a module that is not loaded: loading it.
std::vector<Trial> loading_trials();
// For one that is: packets, commands, ends of processes, namespaces.
std::vector<Trial> running_trials(const Stage& stage);

void fail_each_of(const std::vector<Trial>& trials);

} // namespace stress
