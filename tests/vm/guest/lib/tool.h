// SPDX-License-Identifier: GPL-2.0-only
// The command netatop, run as a person or a script runs it, and what it prints.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lib/counters.h"

namespace guest {

extern const std::string tool;

// A scenario that runs it; `Base` is GuestTest or FamilyTest.
template <class Base>
class ToolTest : public Base {
protected:
    void SetUp() override {
#ifndef __x86_64__
        GTEST_SKIP() << "the command is not built for this architecture";
#endif
        Base::SetUp();
    }
};

// The lines of `netatop list`; throws when it fails.
std::vector<std::string> listed(std::vector<std::string> arguments);

// Its exit status as the last line, behind all that it says, as a user.
std::string status_of(const std::string& arguments, const std::string& user = "root");

std::vector<std::string> lines_in(const std::string& text);
// The value of a number in a JSON object; -1 when it has none.
long long number_in(const std::string& line, const std::string& name);
Counters counters_in(const std::string& line);

} // namespace guest
