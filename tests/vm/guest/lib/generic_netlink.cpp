// SPDX-License-Identifier: GPL-2.0-only
#include "lib/generic_netlink.h"

#include <cstring>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

namespace guest {

namespace {

constexpr std::size_t largest_answer = 16384;

// The error in an answer, 0 for none or for an answer that is no error.
int error_in(const std::vector<std::uint8_t>& answer) {
    nlmsghdr header{};
    int error = 0;
    if (answer.size() < sizeof(header) + sizeof(error))
        return EBADMSG;
    std::memcpy(&header, answer.data(), sizeof(header));
    if (header.nlmsg_type != NLMSG_ERROR)
        return 0;
    std::memcpy(&error, answer.data() + NLMSG_HDRLEN, sizeof(error));
    return -error;
}

} // namespace

NetlinkMessage& NetlinkMessage::add_nest(unsigned type, const NetlinkMessage& inner) {
    return add_bytes(type | NLA_F_NESTED, inner.bytes_.data(), inner.bytes_.size());
}

NetlinkMessage& NetlinkMessage::add_bytes(unsigned type, const void* data, std::size_t size) {
    const nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + size),
                        static_cast<std::uint16_t>(type)};
    return put(&header, sizeof(header)).put(data, size);
}

NetlinkMessage& NetlinkMessage::put(const void* data, std::size_t size) {
    const auto* from = static_cast<const std::uint8_t*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
    return *this;
}

NetlinkFamily::NetlinkFamily(const std::string& name)
    : socket_(check(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), "socket")) {
    const auto answer = ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY,
                            NetlinkMessage().add_text(CTRL_ATTR_FAMILY_NAME, name));
    if (const int error = error_in(answer))
        fail("the family " + name, error);
    std::size_t at = NLMSG_HDRLEN + GENL_HDRLEN;
    for (nlattr header{}; at + sizeof(header) <= answer.size(); at += NLA_ALIGN(header.nla_len)) {
        std::memcpy(&header, answer.data() + at, sizeof(header));
        if (header.nla_type == CTRL_ATTR_FAMILY_ID)
            std::memcpy(&type_, answer.data() + at + NLA_HDRLEN, sizeof(type_));
        if (header.nla_len < sizeof(header))
            break;
    }
}

void NetlinkFamily::request(std::uint8_t command, const NetlinkMessage& message,
                            const std::string& what) {
    // What is announced or answered besides comes before the acknowledgement.
    auto answer = ask(type_, command, message);
    for (;;) {
        if (const int error = error_in(answer))
            fail(what, error);
        nlmsghdr header{};
        std::memcpy(&header, answer.data(), sizeof(header));
        if (header.nlmsg_type == NLMSG_ERROR)
            return;
        answer.resize(largest_answer);
        answer.resize(
            check(::recv(socket_.get(), answer.data(), answer.size(), 0), "netlink answer"));
    }
}

std::vector<std::uint8_t> NetlinkFamily::ask(std::uint16_t type, std::uint8_t command,
                                             const NetlinkMessage& message) {
    nlmsghdr header{0, type, NLM_F_REQUEST, 1, 0};
    if (type != GENL_ID_CTRL)
        header.nlmsg_flags |= NLM_F_ACK;
    const genlmsghdr generic{command, 1, 0};
    header.nlmsg_len =
        static_cast<std::uint32_t>(NLMSG_HDRLEN + GENL_HDRLEN + message.bytes().size());
    NetlinkMessage whole;
    whole.put(&header, sizeof(header)).put(&generic, sizeof(generic));
    whole.put(message.bytes().data(), message.bytes().size());
    check(::send(socket_.get(), whole.bytes().data(), whole.bytes().size(), 0), "send");
    std::vector<std::uint8_t> answer(largest_answer);
    answer.resize(check(::recv(socket_.get(), answer.data(), answer.size(), 0), "recv"));
    return answer;
}

} // namespace guest
