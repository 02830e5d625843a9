// SPDX-License-Identifier: GPL-2.0-only
// netatop without a command, on a terminal: who uses the network, as it happens.
#pragma once

#include <string>

namespace netatop {

// Is there a person who sees it and can press keys?
bool on_terminal();

// The interval as it was given, or empty; whether remotes shall have names. The status to exit
// with.
int live_command(const std::string& interval, bool names);

} // namespace netatop
