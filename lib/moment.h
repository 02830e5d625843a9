// SPDX-License-Identifier: GPL-2.0-only
// Points in time as people write and read them, in their time zone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace netatop {

// In ms since the epoch, as are all times here. A time is "10:30" or "10:30:05", of today; a date,
// with or without a time behind it, and a zone behind that: "2026-11-27", "2026-11-27 10:30",
// "2026-11-27T10:30:05+0100"; so long before or after `now`: "-1h", "+30min"; "now", "today" or
// "yesterday". None when it is no such time.
std::optional<std::int64_t> moment(const std::string& text, std::int64_t now);

// "2026-11-27 10:30:05 +0100", which moment() reads too; "?" where there is no such date.
std::string date_text(std::int64_t time);

} // namespace netatop
