// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include "result.h"

#include <cstdlib>

namespace netatop {

Options::Options(std::string program, std::string usage)
    : program_(std::move(program)), usage_(std::move(usage)) {}

void Options::flag(const std::string& name, bool& target) {
    flags_[name] = &target;
}

void Options::value(const std::string& name, std::string& target) {
    values_[name] = &target;
}

std::optional<int> Options::parse(const std::vector<std::string>& arguments, std::ostream& out,
                                  std::ostream& err) const {
    const auto refuse = [&](const std::string& why) {
        err << program_ << ": " << why << "; try '" << program_ << " --help'\n";
        return static_cast<int>(Cause::usage);
    };
    for (auto argument = arguments.begin(); argument != arguments.end(); ++argument) {
        const auto equals = argument->find('=');
        const std::string name = argument->substr(0, equals);
        const bool has_value = equals != std::string::npos;

        if (const auto value = values_.find(name); value != values_.end()) {
            if (!has_value && ++argument == arguments.end())
                return refuse(name + " needs a value");
            *value->second = has_value ? argument->substr(equals + 1) : *argument;
            continue;
        }
        if (has_value)
            return refuse("cannot take '" + *argument + "'");
        if (name == "--help") {
            out << usage_;
            return EXIT_SUCCESS;
        }
        if (name == "--version") {
            out << program_ << " " NETATOP_VERSION "\n";
            return EXIT_SUCCESS;
        }
        const auto flag = flags_.find(name);
        if (flag == flags_.end())
            return refuse("unknown option '" + *argument + "'");
        *flag->second = true;
    }
    return std::nullopt;
}

} // namespace netatop
