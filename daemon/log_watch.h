// SPDX-License-Identifier: GPL-2.0-only
// Tells when somebody else takes a file away, or changes what is in it.
#pragma once

#include "descriptor.h"

namespace netatop {

class LogWatch {
public:
    LogWatch();

    // Tells of this open file from now on, and no longer of the one before.
    void follow(int file);

    // Will it tell?
    [[nodiscard]] bool follows() const { return watch_ >= 0; }

    // Readable when there is something to look at; -1 when it never tells.
    [[nodiscard]] int fd() const { return events_.get(); }

    // Forgets what it told so far.
    void drain();

private:
    Descriptor events_;
    int watch_ = -1;
};

} // namespace netatop
