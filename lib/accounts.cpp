// SPDX-License-Identifier: GPL-2.0-only
#include "accounts.h"

#include "options.h"

#include <pwd.h>

#include <cerrno>
#include <limits>
#include <vector>

namespace netatop {

namespace {

// Calls one of the functions that look for an account, with as much room as it takes.
template <typename Find>
std::optional<passwd> look_up(std::vector<char>& text, Find find) {
    constexpr std::size_t most = 1UL << 20U;
    for (text.resize(1024); text.size() <= most; text.resize(text.size() * 2)) {
        passwd entry{};
        passwd* found = nullptr;
        const int error = find(&entry, text.data(), text.size(), &found);
        if (error == 0 && found != nullptr)
            return entry;
        if (error != ERANGE)
            break;
    }
    return std::nullopt;
}

} // namespace

const std::string& Accounts::name(std::uint32_t uid) {
    const auto [entry, fresh] = names_.try_emplace(uid);
    if (fresh) {
        std::vector<char> text;
        const auto account =
            look_up(text, [&](passwd* to, char* room, std::size_t size, passwd** found) {
                return ::getpwuid_r(uid, to, room, size, found);
            });
        entry->second = account ? account->pw_name : std::to_string(uid);
    }
    return entry->second;
}

std::optional<std::uint32_t> Accounts::find(const std::string& user) {
    std::vector<char> text;
    const auto account =
        look_up(text, [&](passwd* to, char* room, std::size_t size, passwd** found) {
            return ::getpwnam_r(user.c_str(), to, room, size, found);
        });
    if (account)
        return account->pw_uid;
    const auto value = number(user);
    if (!value || *value > std::numeric_limits<std::uint32_t>::max())
        return std::nullopt;
    return static_cast<std::uint32_t>(*value);
}

} // namespace netatop
