// SPDX-License-Identifier: GPL-2.0-only
// What the interfaces of this network namespace carried, by their own counters.
#pragma once

#include "counters.h"

#include <istream>
#include <map>
#include <optional>
#include <string>

namespace netatop {

// What was received and sent, of TCP and UDP or anything else.
struct Carried {
    Flow received;
    Flow sent;
};

using Devices = std::map<std::string, Carried>;

// Of the text of /proc/net/dev.
Devices parse_devices(std::istream& lines);

// None when it cannot be read.
std::optional<Devices> devices(const std::string& file = "/proc/self/net/dev");

// One of them, if it is there.
Devices only(const Devices& devices, const std::string& name);

// What all together carried between two looks; one that came meanwhile with all that it has, one
// that went not at all.
Carried carried_between(const Devices& before, const Devices& now);

} // namespace netatop
