// SPDX-License-Identifier: GPL-2.0-only
#include "endpoints.h"

#include "message.h"
#include "netlink.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

namespace netatop {

namespace {

// By number; the kernel's names have underscores, those of people dashes.
constexpr std::array<const char*, 13> states{
    "",       "ESTAB",      "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2",  "TIME-WAIT",
    "UNCONN", "CLOSE-WAIT", "LAST-ACK", "LISTEN",   "CLOSING",    "NEW-SYN-RECV"};

Endpoint endpoint_of(unsigned family, const std::uint32_t* address, std::uint16_t port) {
    return {address_text(family, address), ntohs(port)};
}

// What follows the message's own header. Kernels differ in how much of it they tell.
std::optional<Way> way_of(const nlmsghdr& message) {
    std::optional<Way> way;
    const auto take = [](const nlattr* attribute, void* data) {
        const std::size_t size = mnl_attr_get_payload_len(attribute);
        if (mnl_attr_get_type(attribute) == INET_DIAG_INFO &&
            size >= offsetof(tcp_info, tcpi_total_retrans) + sizeof(std::uint32_t)) {
            tcp_info info{};
            std::memcpy(&info, mnl_attr_get_payload(attribute), std::min(size, sizeof info));
            *static_cast<std::optional<Way>*>(data) = Way{info.tcpi_rtt, info.tcpi_total_retrans};
        }
        return MNL_CB_OK;
    };
    (void)mnl_attr_parse(&message, sizeof(inet_diag_msg), take, &way);
    return way;
}

Status dump(EndpointsByCookie& to, NetlinkSocket& socket, std::uint8_t family,
            std::uint8_t protocol, bool ways) {
    inet_diag_req_v2 asked{};
    asked.sdiag_family = family;
    asked.sdiag_protocol = protocol;
    asked.idiag_states = ~0U;
    if (ways && protocol == IPPROTO_TCP)
        asked.idiag_ext = 1U << (INET_DIAG_INFO - 1);
    Request request(SOCK_DIAG_BY_FAMILY, asked);
    if (const auto sent = socket.send(request, NLM_F_DUMP); !sent)
        return sent.error();
    for (;;) {
        const auto message = socket.next(true);
        if (!message)
            return message.error();
        const nlmsghdr& header = **message;
        if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
            const auto answer = parse_answer(header);
            if (!answer)
                return answer.error();
            if (answer->code == 0 || answer->code == ENOENT) // the kernel has no such protocol
                return Done{};
            return system_error("the kernel tells no addresses", answer->code);
        }
        if (!add_endpoints(to, header, protocol == IPPROTO_TCP))
            return Error{"a message of the kernel about a socket is malformed"};
    }
}

} // namespace

bool add_endpoints(EndpointsByCookie& to, const nlmsghdr& message, bool tcp) {
    inet_diag_msg socket{};
    if (mnl_nlmsg_get_payload_len(&message) < sizeof socket)
        return false;
    std::memcpy(&socket, mnl_nlmsg_get_payload(&message), sizeof socket);
    const auto& id = socket.id;
    Endpoints endpoints;
    endpoints.local = endpoint_of(socket.idiag_family, id.idiag_src, id.idiag_sport);
    endpoints.remote = endpoint_of(socket.idiag_family, id.idiag_dst, id.idiag_dport);
    if (tcp && socket.idiag_state < states.size())
        endpoints.state = states.at(socket.idiag_state);
    if (tcp)
        endpoints.way = way_of(message);
    const auto cookie = std::uint64_t{id.idiag_cookie[1]} << 32U | id.idiag_cookie[0];
    to[cookie] = std::move(endpoints);
    return true;
}

Status add_endpoints(EndpointsByCookie& to, bool ways) {
    auto socket = NetlinkSocket::open(connect_diag);
    if (!socket)
        return socket.error();
    for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}})
        for (const std::uint8_t protocol : {std::uint8_t{IPPROTO_TCP}, std::uint8_t{IPPROTO_UDP}})
            if (const auto dumped = dump(to, *socket, family, protocol, ways); !dumped)
                return dumped.error();
    return Done{};
}

} // namespace netatop
