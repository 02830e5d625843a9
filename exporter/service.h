// SPDX-License-Identifier: GPL-2.0-only
// The exporter at work: it waits for requests, for ends of processes and cgroups, and for its end.
#pragma once

#include "ledger.h"
#include "result.h"

#include <string>

namespace netatop {

struct ServiceOptions {
    std::string listen; // empty: the socket that is passed, or the usual address
    LedgerLimits limits;
};

// Returns when a signal ends it.
Status serve(const ServiceOptions& options);

} // namespace netatop
