// SPDX-License-Identifier: GPL-2.0-only
// A terminal with a person at it: runs a program, shows what it writes, presses keys. It
// understands what programs send to an xterm.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "lib/fd.h"

namespace guest {

class Terminal {
public:
    // The environment has TERM=`name`.
    Terminal(const std::vector<std::string>& argv, unsigned rows, unsigned columns,
             const std::string& name = "xterm");
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    ~Terminal();

    void press(const std::string& keys);
    void resize(unsigned rows, unsigned columns);
    void kill(int signal) const;

    // The first row of the screen that has all these texts; empty when none has in time.
    std::string row_with(const std::vector<std::string>& texts);
    std::string row(unsigned number) const { return screen_.at(number); }
    std::string text() const; // of the whole screen

    // All bytes so far.
    const std::string& bytes() const { return bytes_; }
    // Waits for the end; the status as wait() has it.
    int finish();

private:
    bool read(int limit_ms);
    void put(const std::string& bytes);
    void take(const std::string& item);
    void control(char final);
    void print(const std::string& character);
    unsigned argument(unsigned index, unsigned otherwise) const;
    void clear();
    void move_rows(unsigned from, int count);

    pid_t pid_ = -1;
    Fd fd_;
    std::string bytes_;
    std::string rest_; // the beginning of what is not there as a whole yet
    std::string arguments_;
    std::string last_ = " ";
    std::vector<std::string> screen_; // as many characters as columns; others than ASCII are '#'
    unsigned rows_, columns_;
    unsigned row_ = 0, column_ = 0;
    unsigned top_ = 0, bottom_ = 0; // the part that scrolls
};

} // namespace guest
