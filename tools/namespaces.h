// SPDX-License-Identifier: GPL-2.0-only
// What the interfaces of all network namespaces carried in which processes use the network.
#pragma once

#include "devices.h"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

namespace netatop {

// By inode of the namespace; the reader's own one is number 0.
using DevicesByNetns = std::map<std::uint32_t, Devices>;

class Namespaces {
public:
    explicit Namespaces(std::string proc = "/proc");

    // This process uses the network. Where it is, is looked at once: who carries anything has
    // most often come to where he stays.
    void meet(std::uint32_t tgid);
    // Keeps no more than some times so many processes in mind.
    void forget_beyond(std::size_t living);
    // The counters of all interfaces there; of the own namespace, those of this file.
    [[nodiscard]] DevicesByNetns devices(const std::string& own);

private:
    [[nodiscard]] std::uint32_t netns_of(const std::string& process) const;
    [[nodiscard]] const std::string* path_to(std::uint32_t netns);

    std::string proc_;
    std::uint32_t own_;
    std::unordered_map<std::uint32_t, std::uint32_t>
        known_;                                  // by number of the process; 0: not seen
    std::map<std::uint32_t, std::string> paths_; // to a process that is there
};

// What all carried between two looks. A namespace that is seen for the first time has carried
// nothing, for nobody knows when it did.
Carried carried_between(const DevicesByNetns& before, const DevicesByNetns& now);
// Likewise, the interfaces of this name alone.
Carried carried_between(const DevicesByNetns& before, const DevicesByNetns& now,
                        const std::string& name);

} // namespace netatop
