// SPDX-License-Identifier: GPL-2.0-only
// Sockets for actors. Under stress every call may fail at any time, which is part of the play; so
// nothing here throws, and nothing blocks for longer than a moment.
#pragma once

#include <cstddef>

#include "lib/address.h"
#include "lib/fd.h"

namespace stress {

using guest::Address;
using guest::Family;
using guest::Fd;

constexpr Family families[] = {Family::v4, Family::v6};

constexpr std::uint16_t echo_port = 7000;    // UDP
constexpr std::uint16_t service_port = 7001; // TCP

// A socket whose calls give up after a moment. Its descriptor is -1 when there was none to be had.
Fd hasty_socket(Family family, int type);
Fd listening(const Address& address, int type);
Fd connected(const Address& peer, int type);

// Payload of zeros.
bool send_zeros(const Fd& socket, std::size_t size, int flags = 0);
bool send_zeros_to(const Fd& socket, const Address& to, std::size_t size);
// How much came; at most so much.
std::size_t receive_some(const Fd& socket, std::size_t most, int flags = 0);
// What is closed next sends a reset.
void reset_on_close(const Fd& socket);

} // namespace stress
