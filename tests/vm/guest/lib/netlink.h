// SPDX-License-Identifier: GPL-2.0-only
// Requests of generic netlink to parts of the kernel for which there is no tool here.
#pragma once

#include <cstdint>
#include <cstring>
#include <linux/netlink.h>
#include <string>
#include <vector>

#include "lib/fd.h"

namespace guest::netlink {

using Bytes = std::vector<std::uint8_t>;

inline Bytes operator+(Bytes some, const Bytes& more) {
    some.insert(some.end(), more.begin(), more.end());
    return some;
}

template <class T>
Bytes bytes_of(const T& value) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(&value);
    return {first, first + sizeof(value)};
}

Bytes text(const std::string& value);
Bytes attribute(unsigned type, const Bytes& value);

template <class T>
Bytes number(unsigned type, T value) {
    return attribute(type, bytes_of(value));
}

// The number of a family; throws when there is none.
std::uint16_t find_family(const std::string& name);
// Sends a request and returns the answer to it; throws when that is an error.
Bytes ask(std::uint16_t family, std::uint8_t command, std::uint8_t version,
          const Bytes& attributes);

} // namespace guest::netlink
