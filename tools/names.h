// SPDX-License-Identifier: GPL-2.0-only
// Names of addresses, as DNS and the host's own files have them.
#pragma once

#include "lookup.h"

#include <string>

namespace netatop {

// Waits for whoever is asked. Empty where there is no name, or it is no address.
std::string name_of_address(const std::string& address);

// The same without waiting.
Result<Lookup> names_of_addresses();

} // namespace netatop
