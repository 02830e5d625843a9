// SPDX-License-Identifier: GPL-2.0-only
#include "notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace netatop {

Notify::Notify(const std::string& socket) {
    sockaddr_un address{};
    if (socket.empty() || socket.size() >= sizeof address.sun_path)
        return;
    address.sun_family = AF_UNIX;
    std::memcpy(static_cast<char*>(address.sun_path), socket.data(), socket.size());
    if (socket.front() == '@') // an abstract name
        address.sun_path[0] = '\0';

    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket.size());
    Descriptor fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as connect() wants it
    if (fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0)
        socket_ = std::move(fd);
}

void Notify::send(const std::string& message) const {
    if (socket_)
        ::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL);
}

} // namespace netatop
