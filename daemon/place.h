// SPDX-License-Identifier: GPL-2.0-only
// Where the log really is: the name that clients open may be a symbolic link
// into a directory that an unprivileged daemon can write.
#pragma once

#include "descriptor.h"
#include "result.h"

#include <string>

namespace netatop {

struct Place {
    Descriptor directory; // opened with O_PATH
    std::string name;     // of the log within it
    std::string path;     // for messages
    std::string asked;    // the name that clients open

    // Refuses what somebody else than root or this user could have planted. Root makes the
    // directory that a link leads to.
    static Result<Place> find(const std::string& path);
};

// Adds to a failure at the usual place what helps against it.
Error with_advice(Error error, const std::string& asked);

} // namespace netatop
