// SPDX-License-Identifier: GPL-2.0-only
// Two processes that send through one socket in turn: whose a packet is says who sends it alone.
#pragma once

#include <functional>

#include "lib/address.h"
#include "lib/counters.h"
#include "lib/fd.h"
#include "lib/helper.h"

namespace guest {

class Turns {
public:
    // `device` tells what the interface has carried by now.
    Turns(const Fd& socket, const Address& to, std::function<Traffic()> device);

    // A datagram of the first one, and one of twice the size of the second.
    void take(std::size_t size);

    const Helper& first() const { return first_; }
    const Helper& second() const { return second_; }
    // What the interface carried while each of them sent.
    Traffic of_first() const { return of_first_; }
    Traffic of_second() const { return of_second_; }

private:
    Traffic carried(Helper& who, std::size_t size);

    std::function<Traffic()> device_;
    Helper first_;
    Helper second_;
    Traffic of_first_;
    Traffic of_second_;
};

} // namespace guest
