// SPDX-License-Identifier: GPL-2.0-only
#include "lib/packet_queue.h"

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <sys/socket.h>

namespace guest {

namespace {

constexpr std::size_t head = NLMSG_LENGTH(sizeof(nfgenmsg));

// The packet's number in the queue.
std::uint32_t number_of(const char* message, std::size_t length) {
    for (std::size_t at = head; at + sizeof(nlattr) <= length;) {
        nlattr attribute{};
        std::memcpy(&attribute, message + at, sizeof(attribute));
        if ((attribute.nla_type & NLA_TYPE_MASK) == NFQA_PACKET_HDR) {
            nfqnl_msg_packet_hdr packet{};
            std::memcpy(&packet, message + at + NLA_HDRLEN, sizeof(packet));
            return packet.packet_id;
        }
        at += NLA_ALIGN(attribute.nla_len);
    }
    fail("no number of a queued packet", EPROTO);
}

} // namespace

void PacketQueue::load_modules(const Namespace& ns) {
    ns.run("modprobe -a nfnetlink_queue nft_queue");
}

PacketQueue::PacketQueue()
    : socket_(check(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER), "netlink")) {
    const nfqnl_msg_config_cmd bind{NFQNL_CFG_CMD_BIND, 0, htons(AF_UNSPEC)};
    send(NFQNL_MSG_CONFIG, NFQA_CFG_CMD, &bind, sizeof(bind));
    const nfqnl_msg_config_params meta{0, NFQNL_COPY_META};
    send(NFQNL_MSG_CONFIG, NFQA_CFG_PARAMS, &meta, sizeof(meta));
}

void PacketQueue::send(std::uint16_t type, std::uint16_t attribute, const void* value,
                       std::uint16_t size) {
    struct {
        nlmsghdr header{};
        nfgenmsg queue{};
        nlattr what{};
        std::array<char, 16> value{};
    } message;
    message.header.nlmsg_len = static_cast<std::uint32_t>(head + NLA_HDRLEN + NLA_ALIGN(size));
    message.header.nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_QUEUE << 8 | type);
    message.header.nlmsg_flags = NLM_F_REQUEST;
    message.what.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + size);
    message.what.nla_type = attribute;
    std::memcpy(message.value.data(), value, size);
    check(::send(socket_.get(), &message, message.header.nlmsg_len, 0), "send to the queue");
}

void PacketQueue::accept_one() {
    std::array<char, 4096> message{};
    const auto length = check(::recv(socket_.get(), message.data(), message.size(), 0), "queue");
    const nfqnl_msg_verdict_hdr verdict{
        htonl(NF_ACCEPT), number_of(message.data(), static_cast<std::size_t>(length))};
    send(NFQNL_MSG_VERDICT, NFQA_VERDICT_HDR, &verdict, sizeof(verdict));
}

} // namespace guest
