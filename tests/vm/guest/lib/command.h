// SPDX-License-Identifier: GPL-2.0-only
// Programs of the guest (ip, tc, nft, ethtool, ss) run to completion.
#pragma once

#include <string>
#include <vector>

namespace guest {

// Runs argv with input on its standard input; returns its output. Throws with the program's own
// message when it fails.
std::string run(const std::vector<std::string>& argv, const std::string& input = {});

// Writes one value into a file of /proc or /sys, in the network namespace of the caller.
void write_file(const std::string& path, const std::string& value);
std::string read_file(const std::string& path);

} // namespace guest
