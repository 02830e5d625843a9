// SPDX-License-Identifier: GPL-2.0-only
// A kernel at the other end of the client's sockets: what it will say is written before it is
// asked. Messages are put together by hand, so that the client's own reading is not what says what
// is right.
#pragma once

#include "netlink.h"
#include "uapi/netatop_netlink.h"

#include <linux/genetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <deque>
#include <string>
#include <vector>

namespace netatop::test {

using Bytes = std::string;

constexpr std::uint16_t family_id = 0x1234;

inline Bytes padded(Bytes bytes) {
    bytes.resize(NLMSG_ALIGN(bytes.size()));
    return bytes;
}

template <typename T>
Bytes raw(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

inline Bytes attribute(std::uint16_t type, const Bytes& value) {
    const nlattr head{static_cast<std::uint16_t>(NLA_HDRLEN + value.size()), type};
    return padded(raw(head) + value);
}

inline Bytes text(std::uint16_t type, const char* value) {
    return attribute(type, Bytes(value, std::strlen(value) + 1));
}

inline Bytes message(std::uint16_t type, const Bytes& payload, std::uint32_t sequence = 1,
                     std::uint16_t flags = 0) {
    const nlmsghdr head{static_cast<std::uint32_t>(NLMSG_HDRLEN + payload.size()), type, flags,
                        sequence, 0};
    return padded(raw(head) + payload);
}

inline Bytes generic(std::uint8_t command, const Bytes& attributes, std::uint32_t sequence = 1) {
    return message(family_id, raw(genlmsghdr{command, 1, 0}) + attributes, sequence);
}

inline Bytes counters(std::uint64_t first, std::uint16_t type = NETATOP_A_COUNTERS) {
    return attribute(type, raw(netatop_counters{first, first + 1, first + 2, first + 3, first + 4,
                                                first + 5, first + 6, first + 7}));
}

inline Bytes task(std::uint32_t tgid, std::uint32_t sequence = 1,
                  std::uint8_t command = NETATOP_CMD_TASK, const Bytes& more = {}) {
    return generic(command,
                   attribute(NETATOP_A_TGID, raw(tgid)) +
                       attribute(NETATOP_A_START, raw(std::uint64_t{7000000000})) +
                       text(NETATOP_A_COMM, "curl") +
                       attribute(NETATOP_A_UID, raw(std::uint32_t{1000})) +
                       attribute(NETATOP_A_CGROUP, raw(std::uint64_t{42})) + more + counters(tgid),
                   sequence);
}

inline Bytes nest(std::uint16_t type, const Bytes& attributes) {
    return attribute(static_cast<std::uint16_t>(type | NLA_F_NESTED), attributes);
}

// A cgroup whose counters begin with `own`, and with `below` where that is not 0.
inline Bytes cgroup(std::uint64_t id, std::uint64_t parent, std::uint64_t own,
                    std::uint64_t below = 0, std::uint32_t sequence = 1,
                    std::uint8_t command = NETATOP_CMD_CGROUP) {
    Bytes attributes = attribute(NETATOP_A_CGROUP, raw(id));
    if (parent != 0)
        attributes += attribute(NETATOP_A_PARENT_CGROUP, raw(parent));
    attributes += counters(own);
    if (below != 0)
        attributes += nest(NETATOP_A_ENDED_BELOW, counters(below));
    return generic(command, attributes, sequence);
}

inline Bytes cgroup_end(std::uint64_t id, std::uint64_t parent, std::uint64_t own,
                        std::uint64_t below = 0) {
    return cgroup(id, parent, own, below, 0, NETATOP_CMD_CGROUP_END);
}

// A TCP socket that closed, of a process where `tgid` is not 0, whose counters begin with `first`.
inline Bytes closed(std::uint64_t cookie, std::uint32_t tgid, std::uint64_t first,
                    const char* name = "curl") {
    Bytes attributes = attribute(NETATOP_A_COOKIE, raw(cookie)) +
                       attribute(NETATOP_A_PROTOCOL, raw(std::uint32_t{IPPROTO_TCP})) +
                       attribute(NETATOP_A_FAMILY, raw(std::uint32_t{AF_INET})) +
                       attribute(NETATOP_A_NETNS, raw(std::uint32_t{4026531840})) +
                       attribute(NETATOP_A_LOCAL, Bytes("\x0a\0\0\1", 4)) +
                       attribute(NETATOP_A_LOCAL_PORT, raw(std::uint32_t{40000})) +
                       attribute(NETATOP_A_REMOTE, Bytes("\x0a\0\0\2", 4)) +
                       attribute(NETATOP_A_REMOTE_PORT, raw(std::uint32_t{443})) +
                       attribute(NETATOP_A_END, raw(std::uint64_t{9000000000}));
    if (tgid != 0)
        attributes += attribute(NETATOP_A_TGID, raw(tgid)) + attribute(NETATOP_A_PID, raw(tgid)) +
                      attribute(NETATOP_A_START, raw(std::uint64_t{7000000000})) +
                      text(NETATOP_A_COMM, name) +
                      attribute(NETATOP_A_UID, raw(std::uint32_t{4000000}));
    else
        attributes += attribute(NETATOP_A_CLASS, raw(std::uint32_t{NETATOP_CLASS_WAITING}));
    return generic(
        NETATOP_CMD_CLOSE,
        attributes + attribute(NETATOP_A_CGROUP, raw(std::uint64_t{42})) + counters(first), 0);
}

inline Bytes done(std::uint32_t sequence = 1, int code = 0) {
    return message(NLMSG_DONE, raw(code), sequence);
}

// With the kernel's words, if given.
inline Bytes error(int code, const char* words = nullptr, std::uint32_t sequence = 1) {
    Bytes payload = raw(-code) + raw(nlmsghdr{sizeof(nlmsghdr), family_id, 0, sequence, 0});
    if (words != nullptr)
        payload += text(NLMSGERR_ATTR_MSG, words);
    return message(NLMSG_ERROR, payload, sequence,
                   words == nullptr ? NLM_F_CAPPED : NLM_F_CAPPED | NLM_F_ACK_TLVS);
}

inline Bytes family(std::uint32_t version = NETATOP_GENL_VERSION,
                    const std::vector<const char*>& groups = {"exit", "cgroup", "close"},
                    std::uint32_t sequence = 1) {
    Bytes all;
    std::uint16_t number = 0;
    for (const char* group : groups) {
        ++number;
        all += attribute(number, text(CTRL_ATTR_MCAST_GRP_NAME, group) +
                                     attribute(CTRL_ATTR_MCAST_GRP_ID, raw(8U + number)));
    }
    return message(
        GENL_ID_CTRL,
        raw(genlmsghdr{CTRL_CMD_NEWFAMILY, 2, 0}) + text(CTRL_ATTR_FAMILY_NAME, "netatop") +
            attribute(CTRL_ATTR_FAMILY_ID, raw(family_id)) +
            attribute(CTRL_ATTR_VERSION, raw(version)) + attribute(CTRL_ATTR_MCAST_GROUPS, all),
        sequence);
}

class FakeKernel {
public:
    // The next socket that is opened gets these datagrams.
    void script(std::vector<Bytes> datagrams) { scripts_.push_back(std::move(datagrams)); }

    Connect connect() {
        return [this](const Groups& groups) -> Result<Descriptor> {
            int ends[2];
            heard_.push_back(groups);
            if (scripts_.empty() || ::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0)
                return Error{"no script"};
            for (const auto& datagram : scripts_.front())
                if (::send(ends[1], datagram.data(), datagram.size(), 0) < 0)
                    return system_error("send");
            scripts_.pop_front();
            far_.emplace_back(ends[1]);
            return Descriptor(ends[0]);
        };
    }

    // What the client asked on the socket that was opened as number so and so.
    Bytes asked(std::size_t socket) {
        Bytes bytes(4096, '\0');
        const ssize_t length =
            ::recv(far_.at(socket).get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        bytes.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
        return bytes;
    }
    // Says something more on the socket that was opened as number so and so.
    void say(std::size_t socket, const Bytes& datagram) {
        (void)::send(far_.at(socket).get(), datagram.data(), datagram.size(), 0);
    }
    // The groups that it hears.
    Groups heard(std::size_t socket) const { return heard_.at(socket); }
    void close(std::size_t socket) { far_.at(socket).reset(); }

private:
    std::deque<std::vector<Bytes>> scripts_;
    std::vector<Descriptor> far_;
    std::vector<Groups> heard_;
};

} // namespace netatop::test
