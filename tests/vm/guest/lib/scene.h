// SPDX-License-Identifier: GPL-2.0-only
// What this program does when a scenario executes it anew: it goes on sending on an inherited
// socket, so that a process changes its program between two packets.
#pragma once

#include <string>

namespace guest {

constexpr auto scene_argument = "--continue-sending";

// script: "socket channel size times". Sends, signals on the channel and waits there.
int play_scene(const std::string& script);
// Executes this program with such a script; returns only by exception.
void exec_scene(int socket, int channel, unsigned size, unsigned times);

} // namespace guest
