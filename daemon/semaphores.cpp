// SPDX-License-Identifier: GPL-2.0-only
#include "semaphores.h"

#include "descriptor.h"
#include "users.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

namespace netatop {

namespace {

constexpr unsigned short daemons = 0;
constexpr unsigned short places = 1; // free ones for clients

// The argument of semctl; the C library leaves its definition to programs.
union SemaphoreArgument {
    int val;
    struct semid_ds* buf;
};

// None of these operations waits, so no signal interrupts one.
template <std::size_t count>
bool operate(int id, std::array<sembuf, count> operations) {
    return ::semop(id, operations.data(), operations.size()) == 0;
}

Error failure(const std::string& what, int code = errno) {
    if (code == EACCES || code == EPERM)
        return {what + ": it belongs to another user; see `ipcs -s`, remove it with `ipcrm -S " +
                    std::to_string(semaphore_key) + "`",
                Cause::semaphores, code};
    return system_error(what, code, Cause::semaphores);
}

bool alive(pid_t pid) {
    return ::kill(pid, 0) == 0 || errno != ESRCH;
}

std::string describe(pid_t pid) {
    std::string name;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), name);
    return std::to_string(pid) + (name.empty() ? "" : " (" + name + ")");
}

} // namespace

Result<Semaphores> Semaphores::claim(key_t key) {
    auto set = open_or_create(key);
    if (!set)
        return set;
    for (auto step :
         {&Semaphores::check_owner, &Semaphores::count_daemon, &Semaphores::repair_clients}) {
        const auto done = ((*set).*step)();
        if (!done)
            return done.error();
    }
    return set;
}

Result<Semaphores> Semaphores::find(key_t key) {
    const int id = ::semget(key, 0, 0);
    if (id >= 0)
        return Semaphores(key, id);
    if (errno == ENOENT)
        return Error{"no netatopd has run yet: start it with `systemctl start netatopd`",
                     Cause::no_daemon, ENOENT};
    return failure("cannot open the semaphore set");
}

Result<Semaphores> Semaphores::open_or_create(key_t key) {
    for (int attempt = 0; attempt < 10; ++attempt) {
        int id = ::semget(key, 2, IPC_CREAT | IPC_EXCL | 0600);
        if (id < 0 && errno == EEXIST)
            id = ::semget(key, 2, 0);
        if (id >= 0)
            return Semaphores(key, id);
        if (errno == EINVAL)
            return Error{"the semaphore set that stands in the way is another program's: "
                         "see `ipcs -s`",
                         Cause::semaphores, EINVAL};
        if (errno != ENOENT) // else it was removed just now
            break;
    }
    return failure("cannot make or open the semaphore set");
}

Status Semaphores::check_owner() const {
    semid_ds state{};
    SemaphoreArgument argument{};
    argument.buf = &state;
    if (::semctl(id_, 0, IPC_STAT, argument) != 0)
        return failure("cannot look at the semaphore set");

    // Who owns or has made a set can do anything to it.
    const auto& owner = state.sem_perm;
    if (!trusted_user(owner.uid) || !trusted_user(owner.cuid))
        return Error{"the semaphore set belongs to user " +
                         std::to_string(trusted_user(owner.uid) ? owner.cuid : owner.uid) +
                         ": refused; remove it with `ipcrm -s " + std::to_string(id_) + "`",
                     Cause::semaphores};
    if ((owner.mode & 0777) == 0600)
        return Done{};
    state.sem_perm.mode = 0600;
    if (::semctl(id_, 0, IPC_SET, argument) != 0)
        return failure("cannot keep others from the semaphore set");
    return Done{};
}

// Each attempt is one atomic operation, so of two daemons that start at once
// one gets through.
Status Semaphores::count_daemon() const {
    for (int attempt = 0; attempt < 10; ++attempt) {
        if (untouched() && operate(id_, std::array<sembuf, 4>{{{daemons, 0, IPC_NOWAIT},
                                                               {places, 0, IPC_NOWAIT},
                                                               {daemons, 1, SEM_UNDO},
                                                               {places, max_clients, 0}}}))
            return Done{};
        if (operate(id_, std::array<sembuf, 2>{{{daemons, 0, IPC_NOWAIT}, {daemons, 1, SEM_UNDO}}}))
            return Done{};
        if (errno != EAGAIN)
            return failure("cannot count in the semaphore set");

        const auto running = daemon();
        if (!running)
            return running.error();
        if (*running > 0)
            return Error{"a daemon runs already, process " + describe(*running) +
                             ": stop it first (`systemctl stop netatopd`)",
                         Cause::running};
        auto repaired = forget_dead_daemon();
        if (!repaired)
            return repaired;
    }
    return Error{"cannot count in the semaphore set: it changes all the time", Cause::semaphores};
}

// Did the daemon that made the set die before it gave it values?
bool Semaphores::untouched() const {
    semid_ds state{};
    SemaphoreArgument argument{};
    argument.buf = &state;
    return ::semctl(id_, 0, IPC_STAT, argument) == 0 && state.sem_otime == 0 &&
           ::semctl(id_, places, GETVAL) == 0;
}

// The kernel takes back what a dead daemon counted. When a count is left all
// the same, somebody else put it there; daemons repair that one at a time, by
// a lock on the file they all are.
Status Semaphores::forget_dead_daemon() const {
    const Descriptor program(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    if (!program || ::flock(program.get(), LOCK_EX | LOCK_NB) != 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        return Done{};
    }
    const auto running = daemon();
    if (!running || *running > 0)
        return Done{}; // another one was faster: the next attempt says so
    SemaphoreArgument none{};
    if (::semctl(id_, daemons, SETVAL, none) != 0)
        return failure("cannot repair the semaphore set");
    return Done{};
}

// A client that counted itself out twice would hide the next one.
Status Semaphores::repair_clients() const {
    const int value = ::semctl(id_, places, GETVAL);
    if (value < 0)
        return failure("cannot read the semaphore set");
    const auto surplus = static_cast<short>(max_clients - value);
    if (surplus < 0 && !operate(id_, std::array<sembuf, 1>{{{places, surplus, IPC_NOWAIT}}}) &&
        errno != EAGAIN)
        return failure("cannot repair the semaphore set");
    return Done{};
}

void Semaphores::release() const {
    operate(id_, std::array<sembuf, 1>{{{daemons, -1, SEM_UNDO | IPC_NOWAIT}}});
}

Result<int> Semaphores::clients() const {
    const int value = ::semctl(id_, places, GETVAL);
    if (value < 0)
        return failure("cannot read the semaphore set");
    return max_clients - value;
}

Result<pid_t> Semaphores::daemon() const {
    const int count = ::semctl(id_, daemons, GETVAL);
    const pid_t last = ::semctl(id_, daemons, GETPID);
    if (count < 0 || last < 0)
        return failure("cannot read the semaphore set");
    return count > 0 && alive(last) ? last : 0;
}

Result<bool> Semaphores::join() const {
    if (operate(id_, std::array<sembuf, 1>{{{places, -1, SEM_UNDO | IPC_NOWAIT}}}))
        return true;
    if (errno == EAGAIN)
        return false;
    if (errno == EACCES)
        return Error{"only root may read the log", Cause::semaphores, EACCES};
    return failure("cannot register as a client");
}

bool Semaphores::exist() const {
    return ::semctl(id_, places, GETVAL) >= 0 || (errno != EIDRM && errno != EINVAL);
}

void Semaphores::leave() const {
    operate(id_, std::array<sembuf, 1>{{{places, 1, SEM_UNDO}}});
}

} // namespace netatop
