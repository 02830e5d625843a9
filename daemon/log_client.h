// SPDX-License-Identifier: GPL-2.0-only
// What netatop-log does: shows the records of a log.
#pragma once

#include "format.h"
#include "log_filter.h"
#include "log_style.h"
#include "log_sums.h"
#include "result.h"
#include "semaphores.h"

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

namespace netatop {

struct LogClient {
    std::string log_path = default_log_path;
    key_t key = semaphore_key;
    LogStyle style;
    LogFilter filter;
    std::optional<SumBy> sum_by; // sums instead of records
    bool follow = false;
};

// The present in ms since the epoch.
std::int64_t present_ms();

// Returns when all that was there is shown or, following, when a signal ends it, nobody reads the
// output any more, or the filter takes nothing later. What is no record goes to `notes`.
Status show_log(const LogClient& client, int out, std::ostream& notes);

} // namespace netatop
