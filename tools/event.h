// SPDX-License-Identifier: GPL-2.0-only
// Lines of netatop watch, one for each event.
#pragma once

#include "client.h"
#include "identity.h"

#include <cstdint>
#include <string>

namespace netatop {

struct EventStyle {
    bool json = false;
    bool exact = false; // all digits of numbers in the table
};

// What stands above all lines; empty for JSON.
std::string event_head(const EventStyle& style);

// With the end of its line; `now` is in ms since the epoch.
std::string event_line(const End& end, const EventStyle& style, Identities& identities,
                       std::int64_t now);

} // namespace netatop
