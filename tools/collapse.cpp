// SPDX-License-Identifier: GPL-2.0-only
#include "collapse.h"

#include "text.h"

#include <algorithm>
#include <cctype>

namespace netatop {

namespace {

bool is_digit(char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// "app-firefox-4711" is "app-firefox-*", and "session-c2" "session-*": without the last part.
std::string without_last(const std::string& stem) {
    const auto dash = stem.rfind('-');
    return dash == std::string::npos ? stem : stem.substr(0, dash + 1) + '*';
}

// systemd names the instances of sockets with Accept=yes by the number of the connection.
bool is_connection(const std::string& instance) {
    const auto digits = std::find_if_not(instance.begin(), instance.end(), is_digit);
    return digits != instance.begin() && digits != instance.end() && *digits == '-';
}

std::string collapsed_part(const std::string& unit) {
    const auto dot = unit.rfind('.');
    if (dot == std::string::npos)
        return unit;
    const std::string stem = unit.substr(0, dot);
    const std::string type = unit.substr(dot);
    const auto at = stem.find('@');
    if (at != std::string::npos) {
        const bool program = begins(stem, "app-") && type == ".service";
        return program || is_connection(stem.substr(at + 1)) ? stem.substr(0, at + 1) + '*' + type
                                                             : unit;
    }
    if (type == ".scope" && unit != "init.scope")
        return without_last(stem) + type;
    if (type == ".service" && begins(stem, "run-"))
        return "run-*" + type;
    return unit;
}

} // namespace

std::string collapsed(const std::string& unit) {
    const auto slash = unit.rfind('/');
    if (slash == std::string::npos)
        return collapsed_part(unit);
    return unit.substr(0, slash + 1) + collapsed_part(unit.substr(slash + 1));
}

bool is_transient(const Workload& workload) {
    if (!workload.container.empty())
        return false;
    const auto unit = full_unit(workload);
    return collapsed(unit) != unit;
}

} // namespace netatop
