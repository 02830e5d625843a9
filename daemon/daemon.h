// SPDX-License-Identifier: GPL-2.0-only
// The daemon from start to end, whatever the source of its records.
#pragma once

#include "files.h"
#include "messages.h"
#include "notify.h"
#include "result.h"
#include "semaphores.h"
#include "source.h"

#include <string>

namespace netatop {

struct Config {
    std::string log_path = default_log_path;
    key_t key = semaphore_key;
};

// Returns when a signal ends the daemon, or the reason why it cannot run.
Status run_daemon(const Config& config, ExitSource& source, Files& files, Messages& messages,
                  const Notify& notify);

// Where no daemon runs any more, the log shall name none: a client would signal a stranger.
void disown_log(const Config& config);

} // namespace netatop
