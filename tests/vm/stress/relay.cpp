// SPDX-License-Identifier: GPL-2.0-only
#include "relay.h"

#include <fcntl.h>
#include <unistd.h>

#include "net.h"

namespace stress {

int play_relay(const std::string& descriptor) {
    const Fd socket(std::stoi(descriptor));
    send_zeros(socket, 90);
    return 0;
}

void exec_relay(const Fd& socket) {
    const auto descriptor = std::to_string(socket.get());
    ::fcntl(socket.get(), F_SETFD, 0);
    ::execl("/proc/self/exe", "stress-relay", relay_argument, descriptor.c_str(), nullptr);
}

} // namespace stress
