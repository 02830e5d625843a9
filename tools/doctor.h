// SPDX-License-Identifier: GPL-2.0-only
// netatop doctor: what is wrong on this host, and what to do about it.
#pragma once

#include "health.h"

#include <string>
#include <vector>

namespace netatop {

// A line for each, as text or as JSON.
std::string findings_text(const std::vector<Finding>& findings, bool json, bool colours);

// The status to exit with: 0 when nothing is wrong.
int doctor_command(const std::vector<std::string>& arguments);

} // namespace netatop
