// SPDX-License-Identifier: GPL-2.0-only
// Requests to any family of generic netlink, for what ip(8) cannot configure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/fd.h"

namespace guest {

// An attribute's bytes, made of a number, a text or more attributes.
class NetlinkMessage {
public:
    template <class T>
    NetlinkMessage& add(unsigned type, const T& value) {
        return add_bytes(type, &value, sizeof(value));
    }
    NetlinkMessage& add_text(unsigned type, const std::string& text) {
        return add_bytes(type, text.c_str(), text.size() + 1);
    }
    NetlinkMessage& add_flag(unsigned type) { return add_bytes(type, nullptr, 0); }
    NetlinkMessage& add_nest(unsigned type, const NetlinkMessage& inner);
    NetlinkMessage& add_bytes(unsigned type, const void* data, std::size_t size);
    // What is in front of the attributes: a family's own header.
    NetlinkMessage& put(const void* data, std::size_t size);

    const std::vector<std::uint8_t>& bytes() const { return bytes_; }

private:
    std::vector<std::uint8_t> bytes_;
};

class NetlinkFamily {
public:
    // In the namespace of the caller; throws when the kernel has no such family.
    explicit NetlinkFamily(const std::string& name);
    // Throws with what is being done when the kernel refuses.
    void request(std::uint8_t command, const NetlinkMessage& message, const std::string& what);

private:
    std::vector<std::uint8_t> ask(std::uint16_t type, std::uint8_t command,
                                  const NetlinkMessage& message);

    Fd socket_;
    std::uint16_t type_ = 0;
};

} // namespace guest
