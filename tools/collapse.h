// SPDX-License-Identifier: GPL-2.0-only
// Which units programs make and name, one after the other: each would be a series of a moment.
#pragma once

#include "identity.h"

#include <string>

namespace netatop {

// A unit by the name under which it is told: one of many that a program made and named becomes one
// with all of its kind. "session-12.scope" is "session-*.scope", "run-u5.service" "run-*.service",
// "app-firefox-4711.scope" "app-firefox-*.scope", "sshd@3-10.0.0.1:22.service" "sshd@*.service".
std::string collapsed(const std::string& unit);

// Would it be told under another name than its own? Containers keep theirs. Who has no memory
// cannot tell such units: what those carry that are there becomes less when one ends. Their traffic
// is in their slice.
bool is_transient(const Workload& workload);

} // namespace netatop
