// SPDX-License-Identifier: GPL-2.0-only
// Decides what becomes of each record: into the log, or nowhere when there is
// no client to read it.
#pragma once

#include "cgroup_paths.h"
#include "exit_log.h"
#include "messages.h"
#include "semaphores.h"

#include <mutex>

namespace netatop {

class Recorder {
public:
    Recorder(ExitLog& log, Semaphores semaphores, Messages& messages);

    // Goes on with the log of the daemon before, or makes one.
    Status open();

    // Adds the path of its cgroup. All work on the record is finished when this returns.
    void record(LogRecord record);

    // Replaces a log that nobody reads any more or that somebody damaged. Says whether all is well
    // now: until log_fd() is readable then.
    bool check();

    // Descriptor to poll; -1 when there is none.
    [[nodiscard]] int log_fd() const { return log_.watch().fd(); }

    // Ends the daemon's part for its clients.
    void close();

private:
    [[nodiscard]] int clients();
    void replace_log();
    void tell(const Status& done, const char* consequence);

    std::mutex mutex_;
    ExitLog& log_;
    Semaphores semaphores_;
    Messages& messages_;
    CgroupPaths paths_;
};

} // namespace netatop
