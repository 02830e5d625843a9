// SPDX-License-Identifier: GPL-2.0-only
// Requests to the kernel by netlink, and the messages that come back.
#pragma once

#include "descriptor.h"
#include "result.h"

#include <linux/netlink.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace netatop {

// Opens a socket that hears these groups. Tests have their own, with a kernel of theirs at the
// other end.
using Groups = std::vector<std::uint32_t>;
using Connect = std::function<Result<Descriptor>(const Groups& groups)>;

// Of NETLINK_GENERIC; one that hears groups is of the initial network namespace.
Result<Descriptor> connect_generic(const Groups& groups);
// Of NETLINK_SOCK_DIAG, in the network namespace of the calling thread.
Result<Descriptor> connect_diag(const Groups& groups);

// A request in the making.
class Request {
public:
    // Of the generic kind.
    Request(std::uint16_t family, std::uint8_t command, std::uint8_t version);
    // Of another kind, with a header of its own.
    template <typename Header>
    Request(std::uint16_t type, const Header& header) : Request(type, &header, sizeof header) {}

    Request& number(std::uint16_t attribute, std::uint32_t value);
    Request& number64(std::uint16_t attribute, std::uint64_t value);
    Request& text(std::uint16_t attribute, const std::string& value);
    Request& flag(std::uint16_t attribute);

    // Ready to be sent.
    nlmsghdr& finish(std::uint16_t flags, std::uint32_t sequence);

private:
    Request(std::uint16_t type, const void* header, std::size_t size);

    // Larger than anything that is ever asked.
    alignas(nlmsghdr) std::array<char, 512> buffer_{};
};

// A socket on which at most one request is under way.
class NetlinkSocket {
public:
    static Result<NetlinkSocket> open(const Connect& connect, const Groups& groups = {});

    [[nodiscard]] Status send(Request& request, std::uint16_t flags);
    // How much the kernel may have to tell before it loses messages.
    void buffer(int bytes) const;

    // The next message of the kernel; none when `wait` is false and there is none at present. It is
    // valid until the next call. What is no answer to the last request is passed over, unless it
    // comes from a group.
    Result<const nlmsghdr*> next(bool wait);

    [[nodiscard]] int fd() const { return socket_.get(); }

private:
    explicit NetlinkSocket(Descriptor socket);

    Result<bool> receive(bool wait);
    [[nodiscard]] const nlmsghdr* take();

    Descriptor socket_;
    std::uint32_t sequence_ = 0;
    std::vector<nlmsghdr> buffer_; // of this type so that it is aligned
    std::size_t begin_ = 0;        // in bytes
    std::size_t end_ = 0;
};

} // namespace netatop
