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

// Says in an account what the kernel says of the module by files, and since when it is loaded.
void describe_module(const AccountSource& source, Account& account);

Result<Account> gather(const AccountSource& source, Identities& identities);

int export_command(const std::vector<std::string>& arguments);

} // namespace netatop
