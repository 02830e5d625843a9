// SPDX-License-Identifier: GPL-2.0-only
// A program that the packet filter asks about packets (target "queue").
#pragma once

#include <cstdint>

#include "lib/fd.h"
#include "lib/namespace.h"

namespace guest {

// Queue 0 of the namespace in which it is made.
class PacketQueue {
public:
    // Before the queue or its rules can be made.
    static void load_modules(const Namespace& ns);

    PacketQueue();
    // Waits for one packet and has it go on.
    void accept_one();

private:
    void send(std::uint16_t type, std::uint16_t attribute, const void* value, std::uint16_t size);

    Fd socket_;
};

} // namespace guest
