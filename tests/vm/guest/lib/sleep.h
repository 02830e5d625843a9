// SPDX-License-Identifier: GPL-2.0-only
// The machine's sleep: its memory keeps what it was, devices are suspended, processors stop.
#pragma once

namespace guest {

// Not while a share of the host is mounted: its device does not come back by itself. See
// tests/vm/mini/off-share.
bool can_sleep();

// The machine's clock wakes it a few seconds later. Throws when the kernel did not get there.
void sleep_once();

} // namespace guest
