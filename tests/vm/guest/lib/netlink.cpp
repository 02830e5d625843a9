// SPDX-License-Identifier: GPL-2.0-only
#include "lib/netlink.h"

#include <algorithm>
#include <linux/genetlink.h>
#include <sys/socket.h>

namespace guest::netlink {

Bytes text(const std::string& value) {
    return Bytes(value.begin(), value.end()) + Bytes{0};
}

Bytes attribute(unsigned type, const Bytes& value) {
    const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + value.size()),
                        static_cast<std::uint16_t>(type)};
    auto whole = bytes_of(header) + value;
    whole.resize(NLA_ALIGN(whole.size()));
    return whole;
}

Bytes ask(std::uint16_t family, std::uint8_t command, std::uint8_t version,
          const Bytes& attributes) {
    const Fd socket(check(::socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC), "netlink socket"));
    const genlmsghdr header{command, version, 0};
    const auto payload = bytes_of(header) + attributes;
    nlmsghdr message{};
    message.nlmsg_len = static_cast<std::uint32_t>(sizeof(message) + payload.size());
    message.nlmsg_type = family;
    message.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    const auto whole = bytes_of(message) + payload;
    check(::send(socket.get(), whole.data(), whole.size(), 0), "send to netlink");
    Bytes answer(16384);
    answer.resize(check(::recv(socket.get(), answer.data(), answer.size(), 0), "netlink"));
    std::memcpy(&message, answer.data(), sizeof(message));
    if (message.nlmsg_type != NLMSG_ERROR)
        return answer;
    nlmsgerr error{};
    std::memcpy(&error, answer.data() + sizeof(message), sizeof(error));
    if (error.error)
        fail("generic netlink", -error.error);
    return {};
}

std::uint16_t find_family(const std::string& name) {
    const auto answer =
        ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, attribute(CTRL_ATTR_FAMILY_NAME, text(name)));
    std::size_t at = sizeof(nlmsghdr) + GENL_HDRLEN;
    while (at + sizeof(nlattr) + 2 <= answer.size()) {
        nlattr header{};
        std::memcpy(&header, answer.data() + at, sizeof(header));
        if (header.nla_type == CTRL_ATTR_FAMILY_ID) {
            std::uint16_t id = 0;
            std::memcpy(&id, answer.data() + at + sizeof(header), sizeof(id));
            return id;
        }
        at += NLA_ALIGN(std::max<std::size_t>(header.nla_len, sizeof(header)));
    }
    fail("no family " + name, ENOENT);
}

} // namespace guest::netlink
