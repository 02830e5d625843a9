// SPDX-License-Identifier: GPL-2.0-only
// Whose files and semaphores the daemon may rely on.
#pragma once

#include <sys/types.h>

namespace netatop {

// Root, this user and, for root, who starts the daemon by hand, the user that the service runs as.
bool trusted_user(uid_t user);

} // namespace netatop
