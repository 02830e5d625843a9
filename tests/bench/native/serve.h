// SPDX-License-Identifier: GPL-2.0-only
// The other end of workloads, on another machine.
#pragma once

#include "interrupt.h"
#include "result.h"

#include <cstdint>

namespace netatop::native {

// Sends back what comes to the port, by UDP and TCP, and swallows what comes to the next one by
// TCP, until a signal comes. Anybody who reaches these ports can use that.
Status serve(std::uint16_t port, const Interrupt& interrupt);

} // namespace netatop::native
