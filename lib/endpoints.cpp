// SPDX-License-Identifier: GPL-2.0-only
#include "endpoints.h"

#include "descriptor.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <vector>

namespace netatop {

namespace {

constexpr std::size_t buffer_size = 64UL * 1024;

// By number; the kernel's names have underscores, those of people dashes.
constexpr std::array<const char*, 13> states{
    "",       "ESTAB",      "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2",  "TIME-WAIT",
    "UNCONN", "CLOSE-WAIT", "LAST-ACK", "LISTEN",   "CLOSING",    "NEW-SYN-RECV"};

Endpoint endpoint_of(unsigned family, const std::uint32_t* address, std::uint16_t port) {
    Endpoint endpoint;
    endpoint.port = ntohs(port);
    std::array<char, INET6_ADDRSTRLEN> text{};
    const std::array<std::uint32_t, 4> none{};
    const std::size_t size = family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
    if (std::memcmp(address, none.data(), size) != 0 &&
        ::inet_ntop(static_cast<int>(family), address, text.data(), text.size()) != nullptr)
        endpoint.address = text.data();
    return endpoint;
}

Status ask(int socket, std::uint8_t family, std::uint8_t protocol) {
    struct {
        nlmsghdr header;
        inet_diag_req_v2 request;
    } message{};
    message.header.nlmsg_len = sizeof message;
    message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    message.request.sdiag_family = family;
    message.request.sdiag_protocol = protocol;
    message.request.idiag_states = ~0U;
    if (::send(socket, &message, sizeof message, 0) < 0)
        return system_error("the kernel cannot be asked for addresses");
    return Done{};
}

// False at the end of the dump.
Result<bool> take(EndpointsByCookie& to, const std::vector<nlmsghdr>& buffer, std::size_t length,
                  bool tcp) {
    int left = static_cast<int>(length);
    const nlmsghdr* message = buffer.data();
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
        if (message->nlmsg_type == NLMSG_DONE)
            return false;
        if (message->nlmsg_type == NLMSG_ERROR) {
            int code = 0;
            std::memcpy(&code, mnl_nlmsg_get_payload(message), sizeof code);
            if (code == -ENOENT) // the kernel has no such protocol
                return false;
            return system_error("the kernel tells no addresses", -code);
        }
        if (!add_endpoints(to, *message, tcp))
            return Error{"a message of the kernel about a socket is malformed"};
    }
    return true;
}

Status dump(EndpointsByCookie& to, int socket, std::uint8_t family, std::uint8_t protocol) {
    if (const auto asked = ask(socket, family, protocol); !asked)
        return asked.error();
    std::vector<nlmsghdr> buffer(buffer_size / sizeof(nlmsghdr)); // of this type: aligned
    for (;;) {
        const ssize_t length = ::recv(socket, buffer.data(), buffer_size, 0);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return system_error("the kernel tells no addresses");
        const auto more =
            take(to, buffer, static_cast<std::size_t>(length), protocol == IPPROTO_TCP);
        if (!more)
            return more.error();
        if (!*more)
            return Done{};
    }
}

} // namespace

std::string Endpoint::text() const {
    if (address.empty() && port == 0)
        return {};
    const std::string number = port == 0 ? "*" : std::to_string(port);
    if (address.empty())
        return "*:" + number;
    const bool v6 = address.find(':') != std::string::npos;
    return (v6 ? "[" + address + "]" : address) + ":" + number;
}

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
    const auto cookie = std::uint64_t{id.idiag_cookie[1]} << 32U | id.idiag_cookie[0];
    to[cookie] = std::move(endpoints);
    return true;
}

Status add_endpoints(EndpointsByCookie& to) {
    const Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!socket)
        return system_error("cannot open a netlink socket");
    for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}})
        for (const std::uint8_t protocol : {std::uint8_t{IPPROTO_TCP}, std::uint8_t{IPPROTO_UDP}})
            if (const auto dumped = dump(to, socket.get(), family, protocol); !dumped)
                return dumped.error();
    return Done{};
}

} // namespace netatop
