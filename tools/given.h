// SPDX-License-Identifier: GPL-2.0-only
// Options that several commands have, as they are given and what they mean.
#pragma once

#include "listing.h"
#include "options.h"

#include <string>

namespace netatop {

// What a value is not.
Error wrong(const std::string& command, const std::string& what, const std::string& value);

// Takes a number that an option may have; false when it is none.
template <typename To>
bool take_number(const std::string& text, To& to, std::uint64_t least, std::uint64_t most) {
    if (text.empty())
        return true;
    const auto value = number(text);
    if (!value || *value < least || *value > most)
        return false;
    to = static_cast<To>(*value);
    return true;
}

// The status with which a command exits; an error is said.
int exit_status(const Status& done);

struct GivenFilter {
    std::string pid, user, unit, container, command;

    void add_to(Options& options);
    [[nodiscard]] Status take(const std::string& of_command, Filter& filter) const;
};

} // namespace netatop
