// SPDX-License-Identifier: GPL-2.0-only
// What a client of HTTP can read, by its headers Accept and Accept-Encoding (RFC 9110, 12.5).
#pragma once

#include "exposition.h"

#include <string_view>

namespace netatop {

// OpenMetrics only for who asks for it by name, in version 1 where it says one, and likes it no
// less than the text format.
Dialect dialect_for(std::string_view accept);

bool takes_gzip(std::string_view accept_encoding);

} // namespace netatop
