// SPDX-License-Identifier: GPL-2.0-only
#include "signals.h"

#include "interrupt.h"

#include <sys/signalfd.h>

#include <csignal>

namespace netatop {

Result<Signals> Signals::block() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGHUP, SIGUSR1}) // from clients, from ourselves
        sigaddset(&set, signal);
    for (const int signal : {SIGINT, SIGTERM})
        if (!ignored(signal))
            sigaddset(&set, signal);
    if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0)
        return system_error("cannot block signals");

    sigdelset(&set, SIGUSR1); // for the taker alone
    Descriptor fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd)
        return system_error("cannot make a signal descriptor");
    return Signals(std::move(fd));
}

Signals::Kind Signals::next() const {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) != sizeof info)
        return Kind::none;
    return info.ssi_signo == SIGHUP ? Kind::clients : Kind::end;
}

} // namespace netatop
