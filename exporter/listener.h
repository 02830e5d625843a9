// SPDX-License-Identifier: GPL-2.0-only
// The socket on which the exporter is asked.
#pragma once

#include "descriptor.h"
#include "result.h"

#include <optional>
#include <string>

namespace netatop {

// One that listens on "ADDRESS:PORT", "[ADDRESS]:PORT", or ":PORT" for all addresses.
Result<Descriptor> listen_on(const std::string& where);

// The one that the service manager has passed (sd_listen_fds(3)); none when it has not.
Result<std::optional<Descriptor>> passed_socket();

} // namespace netatop
