// SPDX-License-Identifier: GPL-2.0-only
#include "users.h"

#include "accounts.h"

#include <unistd.h>

namespace netatop {

namespace {

// As in netatop.sysusers and netatopd.service.
constexpr const char* service_user = "_netatop";

} // namespace

bool trusted_user(uid_t user) {
    if (user == 0 || user == ::geteuid())
        return true;
    if (::geteuid() != 0)
        return false;
    return Accounts::find(service_user) == user;
}

} // namespace netatop
