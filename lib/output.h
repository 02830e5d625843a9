// SPDX-License-Identifier: GPL-2.0-only
// Standard output of a command: gives way to a signal, and tells when nobody reads it any more.
#pragma once

#include "interrupt.h"
#include "result.h"

#include <string>

namespace netatop {

class Output {
public:
    Output(int fd, const Interrupt& interrupt) : fd_(fd), interrupt_(interrupt) {}

    // False: nobody wants more.
    Result<bool> write(const std::string& text);
    Result<bool> flush();

    // Waits so long; false when a signal came or nobody reads any more.
    [[nodiscard]] Result<bool> pause(int milliseconds) const;

    // Waits until there is something to read from another descriptor; false likewise.
    [[nodiscard]] Result<bool> wait_for(int other) const;

private:
    Result<bool> put(std::size_t length);
    [[nodiscard]] Result<bool> wait(int other, int milliseconds) const;

    int fd_;
    const Interrupt& interrupt_;
    std::string buffer_;
};

} // namespace netatop
