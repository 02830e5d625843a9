// SPDX-License-Identifier: GPL-2.0-only
// Network namespaces: the initial one, in which the module tells of ends of processes, and those
// of sockets.
#pragma once

#include "descriptor.h"
#include "result.h"

#include <cstdint>
#include <map>
#include <string>

namespace netatop {

// The calling thread is in another network namespace as long as this lives.
class Netns {
public:
    static Result<Netns> enter(const std::string& path);
    static Result<Netns> enter_initial();
    Netns(Netns&&) noexcept = default;
    Netns& operator=(Netns&&) = delete;
    Netns(const Netns&) = delete;
    Netns& operator=(const Netns&) = delete;
    ~Netns();

private:
    Netns() = default;

    Descriptor left_; // where it was before; none when that was the same
};

// The inode of the one that this thread is in; 0 when that cannot be told.
std::uint32_t own_netns();

// By inode, a path to each that a process is in or that has a name, as far as the caller may look.
std::map<std::uint32_t, std::string> all_netns();

} // namespace netatop
