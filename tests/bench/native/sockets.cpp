// SPDX-License-Identifier: GPL-2.0-only
#include "sockets.h"

#include <netdb.h>
#include <netinet/tcp.h>

#include <array>
#include <cstring>
#include <memory>

namespace netatop::native {

namespace {

constexpr int backlog = 128;
constexpr timeval patience{5, 0};

template <typename T>
bool set(const Descriptor& socket, int level, int name, const T& value) {
    return ::setsockopt(socket.get(), level, name, &value, sizeof(value)) == 0;
}

} // namespace

Result<Address> Address::parse(const std::string& text, std::uint16_t port) {
    addrinfo hints{};
    addrinfo* found = nullptr;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    if (::getaddrinfo(text.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
        return Error{"'" + text + "' is no address of IPv4 or IPv6", Cause::usage};
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
    Address address;
    std::memcpy(&address.storage_, found->ai_addr, found->ai_addrlen);
    address.length_ = found->ai_addrlen;
    return address;
}

Result<Address> Address::of(const Descriptor& socket) {
    Address address;
    auto* name = reinterpret_cast<sockaddr*>(&address.storage_); // NOLINT: as the interface is
    if (::getsockname(socket.get(), name, &address.length_) != 0)
        return system_error("cannot tell a socket's address");
    return address;
}

const sockaddr* Address::get() const {
    return reinterpret_cast<const sockaddr*>(&storage_); // NOLINT: as the interface is
}

Result<Descriptor> open_socket(int family, int type) {
    Descriptor socket(::socket(family, type | SOCK_CLOEXEC, 0));
    const bool ready = socket && set(socket, SOL_SOCKET, SO_RCVTIMEO, patience) &&
                       set(socket, SOL_SOCKET, SO_SNDTIMEO, patience) &&
                       (type != SOCK_STREAM || set(socket, IPPROTO_TCP, TCP_NODELAY, 1));
    if (!ready)
        return system_error("cannot make a socket");
    return socket;
}

Result<Descriptor> bound_socket(const Address& address, int type) {
    auto socket = open_socket(address.family(), type);
    if (socket && (!set(*socket, SOL_SOCKET, SO_REUSEADDR, 1) ||
                   ::bind(socket->get(), address.get(), address.length()) != 0))
        return system_error("cannot bind a socket");
    return socket;
}

Result<Descriptor> listening_socket(const Address& address) {
    auto socket = bound_socket(address, SOCK_STREAM);
    if (socket && ::listen(socket->get(), backlog) != 0)
        return system_error("cannot listen");
    return socket;
}

Result<Descriptor> connected_socket(const Address& address, int type) {
    auto socket = open_socket(address.family(), type);
    if (socket && ::connect(socket->get(), address.get(), address.length()) != 0)
        return system_error("cannot connect");
    return socket;
}

Result<Descriptor> accepted_socket(const Descriptor& listening) {
    Descriptor socket(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket || !set(socket, SOL_SOCKET, SO_RCVTIMEO, patience) ||
        !set(socket, IPPROTO_TCP, TCP_NODELAY, 1))
        return system_error("cannot accept a connection");
    return socket;
}

Status reset_on_close(const Descriptor& socket) {
    if (!set(socket, SOL_SOCKET, SO_LINGER, linger{1, 0}))
        return system_error("cannot set how a connection is closed");
    return Done{};
}

Status send_message(const Descriptor& socket) {
    const std::array<char, message_size> message{};
    if (::send(socket.get(), message.data(), message.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(message.size()))
        return system_error("cannot send");
    return Done{};
}

Status receive_message(const Descriptor& socket) {
    std::array<char, message_size> message{};
    errno = 0; // so that a short or closed one does not tell of an earlier failure
    if (::recv(socket.get(), message.data(), message.size(), MSG_WAITALL) !=
        static_cast<ssize_t>(message.size()))
        return errno != 0 ? system_error("cannot receive") : Error{"the other end went away"};
    return Done{};
}

} // namespace netatop::native
