// SPDX-License-Identifier: GPL-2.0-only
// Traffic that goes on by itself while something happens to the machine.
#pragma once

#include <optional>

#include "lib/helper.h"
#include "lib/pair.h"

namespace guest {

// Datagrams on old and new sockets, and a connection, from a to b and back, until it is ended; both
// processes stay. No packet needs to be cut after it was counted, which could fail without memory.
class Stream {
public:
    // On a processor when one is named, whenever that is there.
    Stream(const Pair& pair, Family family, std::optional<unsigned> processor = {});

    // Waits until packets have gone in both directions from now on.
    void await_more() const;
    void end();

private:
    const Pair& pair_;
    Helper server_;
    Helper client_;
};

} // namespace guest
