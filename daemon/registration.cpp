// SPDX-License-Identifier: GPL-2.0-only
#include "registration.h"

#include "descriptor.h"

#include <sys/syscall.h>

#include <csignal>

namespace netatop {

Result<std::optional<Registration>> Registration::join(key_t key) {
    const auto semaphores = Semaphores::find(key);
    if (!semaphores)
        return semaphores.error();
    const auto joined = semaphores->join();
    if (!joined)
        return joined.error();
    if (!*joined)
        return std::optional<Registration>();
    return std::optional(Registration(*semaphores));
}

Registration::Registration(Registration&& other) noexcept
    : semaphores_(other.semaphores_), joined_(std::exchange(other.joined_, false)) {}

Registration::~Registration() {
    if (!joined_)
        return;
    semaphores_.leave();
    wake_daemon();
}

void Registration::renew() {
    if (joined_ && semaphores_.exist())
        return;
    joined_ = false;
    const auto other = Semaphores::find(semaphores_.key());
    if (!other)
        return;
    const auto joined = other->join();
    if (!joined || !*joined)
        return;
    semaphores_ = *other;
    joined_ = true;
}

pid_t Registration::daemon() const {
    const auto pid = semaphores_.daemon();
    return pid ? *pid : 0;
}

// The log may be left empty now. A process id can pass to a stranger at any
// time, so the signal goes to the process that is seen to be the daemon after
// it has been taken hold of. Without that the daemon notices by itself, later.
void Registration::wake_daemon() const {
    const pid_t pid = daemon();
    if (pid <= 0)
        return;
    const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (process && daemon() == pid)
        ::syscall(SYS_pidfd_send_signal, process.get(), SIGHUP, nullptr, 0);
}

} // namespace netatop
