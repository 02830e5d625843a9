// SPDX-License-Identifier: GPL-2.0-only
#include "net.h"

#include <algorithm>
#include <sys/socket.h>
#include <sys/time.h>
#include <vector>

namespace stress {

namespace {

constexpr std::size_t largest = 1 << 16;

const char* zeros() {
    static const char block[largest] = {};
    return block;
}

} // namespace

Fd hasty_socket(Family family, int type) {
    Fd socket(::socket(guest::domain(family), type | SOCK_CLOEXEC, 0));
    const timeval moment{0, 100000};
    const int one = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof(moment));
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &moment, sizeof(moment));
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    return socket;
}

Fd listening(const Address& address, int type) {
    Fd socket = hasty_socket(address.family(), type);
    if (::bind(socket.get(), address.get(), address.size()) != 0)
        return {};
    if (type == SOCK_STREAM && ::listen(socket.get(), 64) != 0)
        return {};
    return socket;
}

Fd connected(const Address& peer, int type) {
    Fd socket = hasty_socket(peer.family(), type);
    if (::connect(socket.get(), peer.get(), peer.size()) != 0)
        return {};
    return socket;
}

bool send_zeros(const Fd& socket, std::size_t size, int flags) {
    return ::send(socket.get(), zeros(), std::min(size, largest), flags | MSG_NOSIGNAL) >= 0;
}

bool send_zeros_to(const Fd& socket, const Address& to, std::size_t size) {
    return ::sendto(socket.get(), zeros(), std::min(size, largest), MSG_NOSIGNAL, to.get(),
                    to.size()) >= 0;
}

std::size_t receive_some(const Fd& socket, std::size_t most, int flags) {
    std::vector<char> buffer(most);
    const ssize_t got = ::recv(socket.get(), buffer.data(), most, flags);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

void reset_on_close(const Fd& socket) {
    const linger reset{1, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

} // namespace stress
