// SPDX-License-Identifier: GPL-2.0-only
// Processes that end, and readers that take their records one by one.
#pragma once

#include "lib/ctl.h"

namespace guest {

// One that sent so many datagrams in the standard pair; it has a record then.
void end_a_process(unsigned datagrams = 1);

// Of a helper: takes one record each time it is told to, and tells how many datagrams it had.
void take_on_demand(Channel& test);

// Waits until such a helper has a record, with which it is busy from then on: how many datagrams
// it had.
unsigned long long taken(Helper& reader);

} // namespace guest
