// SPDX-License-Identifier: GPL-2.0-only
// What a command and all that it started have moved, as text.
#pragma once

#include "counters.h"
#include "message.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace netatop {

// Of all programs of one name, or of all.
struct Moved {
    std::size_t processes = 0; // that have moved anything
    std::size_t running = 0;   // of these, still there
    Counters counters;

    void add(const Task& task, bool still_runs) {
        ++processes;
        running += still_runs ? 1 : 0;
        counters += task.counters;
    }
};

struct MovedByJob {
    std::string command; // as it was given
    int status = 0;
    std::int64_t took_ms = 0;
    std::map<std::string, Moved> by_name;
    Moved all;
    std::size_t unclear = 0; // ended, and nothing tells whether they belong to it
    bool complete = true;    // nothing was lost

    void add(const Task& task, bool still_runs) {
        by_name[task.name].add(task, still_runs);
        all.add(task, still_runs);
    }
};

struct MovedStyle {
    bool json = false;
    bool exact = false; // all digits of numbers in the table
};

// A table of programs and of protocols; or an object for each program, and one for all.
std::string text_of(const MovedByJob& moved, const MovedStyle& style);

} // namespace netatop
