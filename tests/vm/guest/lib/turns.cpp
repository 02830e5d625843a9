// SPDX-License-Identifier: GPL-2.0-only
#include "lib/turns.h"

#include "lib/sockets.h"
#include "lib/talk.h"

namespace guest {

namespace {

// Sends a datagram of each size that it is told.
Helper::Body sender(const Fd& socket, const Address& to) {
    return [&](Channel& test) {
        for (;;) {
            send_to(socket, to, test.receive<std::size_t>(), 1);
            test.signal();
        }
    };
}

} // namespace

Turns::Turns(const Fd& socket, const Address& to, std::function<Traffic()> device)
    : device_(std::move(device)), first_(nullptr, sender(socket, to)),
      second_(nullptr, sender(socket, to)) {}

void Turns::take(std::size_t size) {
    of_first_ = of_first_ + carried(first_, size);
    of_second_ = of_second_ + carried(second_, 2 * size);
}

Traffic Turns::carried(Helper& who, std::size_t size) {
    const auto before = device_();
    who.send(size);
    who.wait();
    return device_() - before;
}

} // namespace guest
