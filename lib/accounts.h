// SPDX-License-Identifier: GPL-2.0-only
// Names of users, each asked for once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace netatop {

class Accounts {
public:
    // The number where the user has no name.
    const std::string& name(std::uint32_t uid);

    // Who a person means: a name or a number; none when there is no such user.
    static std::optional<std::uint32_t> find(const std::string& user);

private:
    std::map<std::uint32_t, std::string> names_;
};

} // namespace netatop
