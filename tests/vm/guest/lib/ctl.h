// SPDX-License-Identifier: GPL-2.0-only
// A typed client of the module's getsockopt interface.
#pragma once

#include <optional>
#include <vector>

#include "lib/counters.h"
#include "lib/fd.h"
#include "lib/helper.h"
#include "lib/wait.h"

namespace guest {

class Ctl {
public:
    // Opens the socket that atop opens.
    Ctl();
    explicit Ctl(Fd socket) : socket_(std::move(socket)) {}

    // 0, or the error number.
    int call(int command, void* value, socklen_t* size) const;
    int call(int command) const; // no buffer, as PROBE, FORCE_GC and EMPTY_EXIT are called
    int force_gc() const;

    // Nothing when the id has no counters.
    std::optional<netpertask> process(pid_t id) const;
    std::optional<netpertask> thread(pid_t id) const;
    // The counters, or zero.
    Counters process_counters(pid_t id) const;
    Counters thread_counters(pid_t id) const;

private:
    std::optional<netpertask> query(int command, pid_t id) const;

    Fd socket_;
};

// Takes exit records as the daemon does, in a process of its own.
class ExitReader {
public:
    ExitReader();
    // Every record of a process that has ended by now.
    std::vector<netpertask> drain();
    // The record of one process, waiting for it without asking the module to collect.
    std::optional<netpertask> await(pid_t id, milliseconds limit);

private:
    void collect();

    Ctl ctl_;
    std::vector<netpertask> taken_;
    Helper helper_;
};

} // namespace guest
