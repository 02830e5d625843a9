// SPDX-License-Identifier: GPL-2.0-only
#include "lib/balancer.h"

#include <arpa/inet.h>
#include <cstring>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <vector>

#include "lib/fd.h"
#include "lib/wait.h"

namespace guest {

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes operator+(Bytes some, const Bytes& more) {
    some.insert(some.end(), more.begin(), more.end());
    return some;
}

template <class T>
Bytes bytes_of(const T& value) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(&value);
    return {first, first + sizeof(value)};
}

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

template <class T>
Bytes number(unsigned type, T value) {
    return attribute(type, bytes_of(value));
}

Bytes address(unsigned type, const Address& of) {
    Bytes value(16);
    if (of.family() == Family::v4)
        std::memcpy(value.data(), &reinterpret_cast<const sockaddr_in*>(of.get())->sin_addr, 4);
    else
        std::memcpy(value.data(), &reinterpret_cast<const sockaddr_in6*>(of.get())->sin6_addr, 16);
    return attribute(type, value);
}

// Sends a request and returns the answer to it, which is an acknowledgement in the end.
Bytes ask(const Fd& socket, std::uint16_t family, std::uint8_t command, std::uint8_t version,
          const Bytes& attributes) {
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
        fail("IPVS", -error.error);
    return {};
}

std::uint16_t find_family(const Fd& socket, const std::string& name) {
    const auto answer = ask(socket, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1,
                            attribute(CTRL_ATTR_FAMILY_NAME, text(name)));
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

Fd netlink() {
    Fd socket(check(::socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC), "netlink socket"));
    return socket;
}

} // namespace

void balance(const Namespace& ns, int protocol, const Address& service, const Address& real,
             Forward how) {
    ns.run("modprobe -a ip_vs ip_vs_rr");
    const Inside inside(ns);
    const auto id = find_family(netlink(), IPVS_GENL_NAME);
    const bool v4 = service.family() == Family::v4;
    const auto identity =
        attribute(IPVS_CMD_ATTR_SERVICE,
                  number(IPVS_SVC_ATTR_AF, static_cast<std::uint16_t>(domain(service.family()))) +
                      number(IPVS_SVC_ATTR_PROTOCOL, static_cast<std::uint16_t>(protocol)) +
                      address(IPVS_SVC_ATTR_ADDR, service) +
                      number(IPVS_SVC_ATTR_PORT, htons(service.port())) +
                      attribute(IPVS_SVC_ATTR_SCHED_NAME, text("rr")) +
                      number(IPVS_SVC_ATTR_FLAGS, ip_vs_flags{0, ~0U}) +
                      number(IPVS_SVC_ATTR_TIMEOUT, std::uint32_t{0}) +
                      number(IPVS_SVC_ATTR_NETMASK, v4 ? ~std::uint32_t{0} : std::uint32_t{128}));
    ask(netlink(), id, IPVS_CMD_NEW_SERVICE, IPVS_GENL_VERSION, identity);
    const auto server = attribute(
        IPVS_CMD_ATTR_DEST, address(IPVS_DEST_ATTR_ADDR, real) +
                                number(IPVS_DEST_ATTR_PORT, htons(real.port())) +
                                number(IPVS_DEST_ATTR_FWD_METHOD, static_cast<std::uint32_t>(how)) +
                                number(IPVS_DEST_ATTR_WEIGHT, std::uint32_t{1}) +
                                number(IPVS_DEST_ATTR_U_THRESH, std::uint32_t{0}) +
                                number(IPVS_DEST_ATTR_L_THRESH, std::uint32_t{0}));
    ask(netlink(), id, IPVS_CMD_NEW_DEST, IPVS_GENL_VERSION, identity + server);
}

} // namespace guest
