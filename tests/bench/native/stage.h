// SPDX-License-Identifier: GPL-2.0-only
// Where packets travel: loopback and a veth pair in network namespaces of their own, which end with
// this program however it ends, and the way to another machine.
#pragma once

#include "descriptor.h"
#include "netns.h"
#include "result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace netatop::native {

// The namespaces and addresses of two ends.
struct Path {
    std::string name;
    int family;
    std::string client; // paths that lead to the namespaces
    std::string server; // empty: it is on another machine
    std::string address;

    [[nodiscard]] bool remote() const { return server.empty(); }
    // Packets that local sockets sent and received there so far, by the kernel's own counters.
    [[nodiscard]] Result<std::uint64_t> packets() const;
};

class Stage {
public:
    static Result<Stage> build();

    // Those on which sockets can be made: IPv6 may be off.
    [[nodiscard]] std::vector<Path> paths() const;

private:
    Stage() = default;

    Descriptor left_;
    Descriptor right_;
};

// The way to another machine, on which this program serves.
Result<Path> way_to(const std::string& address);

} // namespace netatop::native
