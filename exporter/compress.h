// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>
#include <string>

namespace netatop {

// In the format of gzip; none for want of memory.
std::optional<std::string> gzipped(const std::string& text);

} // namespace netatop
