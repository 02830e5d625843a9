// SPDX-License-Identifier: GPL-2.0-only
#include "interrupt.h"

#include <unistd.h>

#include <ctime>

namespace netatop {

namespace {

volatile std::sig_atomic_t caught = 0; // NOLINT: a handler can reach nothing else

} // namespace

bool ignored(int signal) {
    struct sigaction present {};
    return ::sigaction(signal, nullptr, &present) == 0 && present.sa_handler == SIG_IGN;
}

Result<Interrupt> Interrupt::install() {
    Interrupt interrupt;
    caught = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { caught = 1; }; // and no SA_RESTART: calls return
    if (::pthread_sigmask(SIG_BLOCK, nullptr, &interrupt.open_) != 0)
        return system_error("cannot look at the signals");
    interrupt.closed_ = interrupt.open_;
    for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
        if (ignored(signal))
            continue;
        sigaddset(&interrupt.closed_, signal);
        sigdelset(&interrupt.open_, signal);
        if (::sigaction(signal, &action, nullptr) != 0)
            return system_error("cannot catch a signal");
    }
    if (::pthread_sigmask(SIG_SETMASK, &interrupt.closed_, nullptr) != 0)
        return system_error("cannot block signals");
    return interrupt;
}

bool Interrupt::happened() const {
    sigset_t pending;
    sigemptyset(&pending);
    ::sigpending(&pending);
    for (const int signal : {SIGHUP, SIGINT, SIGTERM})
        if (sigismember(&pending, signal) == 1 && sigismember(&open_, signal) == 0)
            return true;
    return caught != 0;
}

Status Interrupt::wait(pollfd* events, nfds_t count, int milliseconds) const {
    const timespec limit{milliseconds / 1000, milliseconds % 1000 * 1000000L};
    const timespec* timeout = milliseconds < 0 ? nullptr : &limit;
    if (caught == 0 && ::ppoll(events, count, timeout, &open_) < 0 && errno != EINTR)
        return system_error("cannot wait for events");
    return Done{};
}

ssize_t Interrupt::write(int fd, const char* bytes, std::size_t size) const {
    ::pthread_sigmask(SIG_SETMASK, &open_, nullptr);
    ssize_t written = -1;
    errno = EINTR;
    if (caught == 0)
        written = ::write(fd, bytes, size);
    const int code = errno;
    ::pthread_sigmask(SIG_SETMASK, &closed_, nullptr);
    errno = code;
    return written;
}

} // namespace netatop
