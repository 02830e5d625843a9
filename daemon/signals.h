// SPDX-License-Identifier: GPL-2.0-only
// The signals of the daemon, read like data: none is lost, none interrupts.
#pragma once

#include "descriptor.h"
#include "result.h"

namespace netatop {

class Signals {
public:
    enum class Kind { none, clients, end };

    // Blocks the daemon's signals in this thread and those it will start.
    static Result<Signals> block();

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] Kind next() const; // none when there is none at present

private:
    explicit Signals(Descriptor fd) : fd_(std::move(fd)) {}

    Descriptor fd_;
};

} // namespace netatop
