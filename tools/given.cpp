// SPDX-License-Identifier: GPL-2.0-only
#include "given.h"

#include <cstdlib>
#include <iostream>

namespace netatop {

Error wrong(const std::string& command, const std::string& what, const std::string& value) {
    return {what + " '" + value + "' is none; try 'netatop " + command + " --help'", Cause::usage};
}

int exit_status(const Status& done) {
    if (done)
        return EXIT_SUCCESS;
    std::cerr << "netatop: " << done.error().text << '\n';
    return static_cast<int>(done.error().cause);
}

void GivenFilter::add_to(Options& options) {
    options.value("--pid", pid);
    options.value("--user", user);
    options.value("--unit", unit);
    options.value("--container", container);
    options.value("--command", command);
}

Status GivenFilter::take(const std::string& of_command, Filter& filter) const {
    constexpr std::uint64_t most_pid = 1U << 22U; // of Linux
    if (!pid.empty()) {
        filter.pid.emplace();
        if (!take_number(pid, *filter.pid, 1, most_pid))
            return wrong(of_command, "the process", pid);
    }
    if (!user.empty()) {
        filter.uid = Accounts::find(user);
        if (!filter.uid)
            return wrong(of_command, "the user", user);
    }
    filter.unit = unit;
    filter.container = container;
    filter.command = command;
    return Done{};
}

} // namespace netatop
