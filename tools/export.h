// SPDX-License-Identifier: GPL-2.0-only
// netatop export: what engines of metrics read, once.
#pragma once

#include "families.h"
#include "netlink.h"

#include <cstddef>
#include <string>
#include <vector>

namespace netatop {

// Where an account comes from. Tests have a kernel and files of their own.
struct AccountSource {
    Connect connect = connect_generic;
    std::string module = "/sys/module/netatop";
    std::size_t most_units = 2000;
};

Result<Account> gather(const AccountSource& source, Identities& identities);

int export_command(const std::vector<std::string>& arguments);

} // namespace netatop
