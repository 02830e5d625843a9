// SPDX-License-Identifier: GPL-2.0-only
// The semaphore set by which daemon and clients know of each other.
//
//   0   number of daemons: exactly 1 while one runs
//   1   100 minus the number of clients that read the log
//
// Every change is undone by the kernel when its process dies. The set itself
// is never removed: a running atop remembers its id.
#pragma once

#include "result.h"

#include <sys/types.h>

namespace netatop {

constexpr key_t semaphore_key = 1541961;
constexpr int max_clients = 100;

class Semaphores {
public:
    // For the daemon: makes the set where there is none, refuses the set of
    // another user, and counts this daemon, the only one.
    static Result<Semaphores> claim(key_t key = semaphore_key);

    // For a client: the set that a daemon has made.
    static Result<Semaphores> find(key_t key = semaphore_key);

    // The daemon ends.
    void release() const;

    [[nodiscard]] Result<int> clients() const;

    [[nodiscard]] key_t key() const { return key_; }

    // The process id of the daemon that runs, 0 when none does.
    [[nodiscard]] Result<pid_t> daemon() const;

    // A client starts and stops reading the log. False: all places are taken at present.
    [[nodiscard]] Result<bool> join() const;
    void leave() const;

    // False when somebody has removed the set.
    [[nodiscard]] bool exist() const;

private:
    Semaphores(key_t key, int id) : key_(key), id_(id) {}

    static Result<Semaphores> open_or_create(key_t key);
    [[nodiscard]] Status check_owner() const;
    [[nodiscard]] Status count_daemon() const;
    [[nodiscard]] bool untouched() const;
    [[nodiscard]] Status forget_dead_daemon() const;
    [[nodiscard]] Status repair_clients() const;

    key_t key_;
    int id_;
};

} // namespace netatop
