// SPDX-License-Identifier: GPL-2.0-only
// What this program does when an actor executes it anew: it sends on the socket that it inherits.
#pragma once

#include <string>

#include "lib/fd.h"

namespace stress {

constexpr auto relay_argument = "--send-on";

int play_relay(const std::string& descriptor);
// Returns when there is nothing to execute.
void exec_relay(const guest::Fd& socket);

} // namespace stress
