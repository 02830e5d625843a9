// SPDX-License-Identifier: GPL-2.0-only
// Sockets of the workloads, which block, but not for ever.
#pragma once

#include "descriptor.h"
#include "result.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace netatop::native {

// An address of either family, with its length.
class Address {
public:
    Address() = default;
    // As it is written in numbers, with "%INTERFACE" behind it perhaps.
    static Result<Address> parse(const std::string& text, std::uint16_t port);
    // Where a socket is bound to.
    static Result<Address> of(const Descriptor& socket);

    [[nodiscard]] int family() const { return storage_.ss_family; }
    [[nodiscard]] const sockaddr* get() const;
    [[nodiscard]] socklen_t length() const { return length_; }

private:
    sockaddr_storage storage_{};
    socklen_t length_ = sizeof(storage_);
};

// A socket whose calls fail when nothing happened for some seconds.
Result<Descriptor> open_socket(int family, int type);
Result<Descriptor> bound_socket(const Address& address, int type);
Result<Descriptor> listening_socket(const Address& address);
Result<Descriptor> connected_socket(const Address& address, int type);
Result<Descriptor> accepted_socket(const Descriptor& listening);

// Makes the close of a connection a reset, which leaves no TIME_WAIT behind.
Status reset_on_close(const Descriptor& socket);

// Messages have so many bytes.
constexpr std::size_t message_size = 16;

Status send_message(const Descriptor& socket);
Status receive_message(const Descriptor& socket);

} // namespace netatop::native
