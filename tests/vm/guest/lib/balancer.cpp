// SPDX-License-Identifier: GPL-2.0-only
#include "lib/balancer.h"

#include <arpa/inet.h>
#include <cstring>
#include <linux/ip_vs.h>

#include "lib/netlink.h"

namespace guest {

using namespace netlink;

namespace {

Bytes address(unsigned type, const Address& of) {
    Bytes value(16);
    if (of.family() == Family::v4)
        std::memcpy(value.data(), &reinterpret_cast<const sockaddr_in*>(of.get())->sin_addr, 4);
    else
        std::memcpy(value.data(), &reinterpret_cast<const sockaddr_in6*>(of.get())->sin6_addr, 16);
    return attribute(type, value);
}

} // namespace

void balance(const Namespace& ns, int protocol, const Address& service, const Address& real,
             Forward how, std::uint16_t gue_port) {
    ns.run("modprobe -a ip_vs ip_vs_rr");
    const Inside inside(ns);
    const auto id = find_family(IPVS_GENL_NAME);
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
    ask(id, IPVS_CMD_NEW_SERVICE, IPVS_GENL_VERSION, identity);
    const auto gue = gue_port ? number(IPVS_DEST_ATTR_TUN_TYPE,
                                       static_cast<std::uint8_t>(IP_VS_CONN_F_TUNNEL_TYPE_GUE)) +
                                    number(IPVS_DEST_ATTR_TUN_PORT, htons(gue_port))
                              : Bytes{};
    const auto server = attribute(
        IPVS_CMD_ATTR_DEST, gue + address(IPVS_DEST_ATTR_ADDR, real) +
                                number(IPVS_DEST_ATTR_PORT, htons(real.port())) +
                                number(IPVS_DEST_ATTR_FWD_METHOD, static_cast<std::uint32_t>(how)) +
                                number(IPVS_DEST_ATTR_WEIGHT, std::uint32_t{1}) +
                                number(IPVS_DEST_ATTR_U_THRESH, std::uint32_t{0}) +
                                number(IPVS_DEST_ATTR_L_THRESH, std::uint32_t{0}));
    ask(id, IPVS_CMD_NEW_DEST, IPVS_GENL_VERSION, identity + server);
}

} // namespace guest
