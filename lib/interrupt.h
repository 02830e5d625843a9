// SPDX-License-Identifier: GPL-2.0-only
// The end of a command by a signal, wherever it waits.
#pragma once

#include "result.h"

#include <poll.h>

#include <csignal>

namespace netatop {

// Did who started this process want it to ignore the signal, as nohup does?
bool ignored(int signal);

class Interrupt {
public:
    // Catches the signals that end a program, but for those that it shall ignore; they come only
    // during the two calls below.
    static Result<Interrupt> install();

    [[nodiscard]] bool happened() const;

    // Waits for one of so many events, for at most so long; sooner when it happens.
    [[nodiscard]] Status wait(pollfd* events, nfds_t count, int milliseconds) const;

    // As write(); a signal breaks it.
    [[nodiscard]] ssize_t write(int fd, const char* bytes, std::size_t size) const;

private:
    sigset_t open_{};   // the signals blocked while it waits
    sigset_t closed_{}; // and at all other times
};

} // namespace netatop
