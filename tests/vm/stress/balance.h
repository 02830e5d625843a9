// SPDX-License-Identifier: GPL-2.0-only
// The module's books: whatever it counted in total, somebody was credited with.
#pragma once

namespace stress {

// Compares, at rest, the total with live processes, exited ones and classes, and with cgroups and
// classes. Throws when they differ.
void expect_balance();

} // namespace stress
