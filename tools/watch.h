// SPDX-License-Identifier: GPL-2.0-only
// netatop watch: events as they happen.
#pragma once

#include "client.h"
#include "event.h"
#include "listing.h"
#include "output.h"

#include <cstdint>
#include <string>
#include <vector>

namespace netatop {

struct WatchOptions {
    EventStyle style;
    Filter filter;
    std::vector<End::Of> kinds; // of events
    std::uint64_t count = 0;    // events, then it ends; 0: without end
};

// Until so many events were written, a signal came or nobody reads any more. What was lost is
// always told, whatever the filter.
Status watch(Ends& ends, Output& output, const WatchOptions& options, Identities& identities);

// The status to exit with.
int watch_command(const std::vector<std::string>& arguments);

} // namespace netatop
