// SPDX-License-Identifier: GPL-2.0-only
// What /proc tells of processes and of the module.
#pragma once

#include "counters.h"
#include "result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace netatop {

struct Process {
    std::uint32_t parent = 0;
    std::string name;
};

// Of the text of /proc/PID/stat; a parent of 0 when it is no such text.
Process parse_stat(const std::string& text);

// A process that lives; none when it does not.
std::optional<Process> process_of(std::uint32_t pid, const std::string& proc = "/proc");

// All processes, by number.
std::map<std::uint32_t, Process> all_processes(const std::string& proc = "/proc");

// Does the module tell a process of all tasks, and not only of what is wholly its user's? For that
// it needs CAP_NET_ADMIN in the initial user namespace.
bool sees_all(const std::string& process = "/proc/self");

// What nobody living has carried, each kind with its name: "exited", "waiting", "kernel", …; and,
// first, "processes", which is the rest of all.
struct Class {
    std::string name;
    Counters counters;
};
Result<std::vector<Class>> classes(const std::string& file = "/proc/netatop");

} // namespace netatop
