// SPDX-License-Identifier: GPL-2.0-only
// The command line of our programs: long options only, no other arguments.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace netatop {

class Options {
public:
    Options(std::string program, std::string usage);

    void flag(const std::string& name, bool& target);
    void value(const std::string& name, std::string& target);

    // The status to exit with, unless the program shall go on.
    std::optional<int> parse(const std::vector<std::string>& arguments, std::ostream& out,
                             std::ostream& err) const;

private:
    std::string program_;
    std::string usage_;
    std::map<std::string, bool*> flags_;
    std::map<std::string, std::string*> values_;
};

} // namespace netatop
