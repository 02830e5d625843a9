// SPDX-License-Identifier: GPL-2.0-only
// What netatop-log does: shows the records of a log.
#pragma once

#include "format.h"
#include "result.h"
#include "semaphores.h"

#include <ostream>
#include <string>

namespace netatop {

struct LogClient {
    std::string log_path = default_log_path;
    key_t key = semaphore_key;
    bool json = false;
    bool follow = false;
};

// Returns when all that was there is shown or, following, when a signal ends it or nobody reads
// the output any more. What is no record goes to `notes`.
Status show_log(const LogClient& client, int out, std::ostream& notes);

} // namespace netatop
