// SPDX-License-Identifier: GPL-2.0-only
#include "lib/balancer.h"

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <linux/ip_vs.h>

#include "lib/generic_netlink.h"

namespace guest {

namespace {

NetlinkMessage& add_address(NetlinkMessage& to, unsigned type, const Address& of) {
    std::array<std::uint8_t, 16> value{};
    if (of.family() == Family::v4)
        std::memcpy(value.data(), &reinterpret_cast<const sockaddr_in*>(of.get())->sin_addr, 4);
    else
        std::memcpy(value.data(), &reinterpret_cast<const sockaddr_in6*>(of.get())->sin6_addr, 16);
    return to.add(type, value);
}

} // namespace

void balance(const Namespace& ns, int protocol, const Address& service, const Address& real,
             Forward how, std::uint16_t gue_port) {
    ns.run("modprobe -a ip_vs ip_vs_rr");
    const Inside inside(ns);
    NetlinkFamily ipvs(IPVS_GENL_NAME);
    const bool v4 = service.family() == Family::v4;
    NetlinkMessage identity;
    identity.add(IPVS_SVC_ATTR_AF, static_cast<std::uint16_t>(domain(service.family())))
        .add(IPVS_SVC_ATTR_PROTOCOL, static_cast<std::uint16_t>(protocol));
    add_address(identity, IPVS_SVC_ATTR_ADDR, service)
        .add(IPVS_SVC_ATTR_PORT, htons(service.port()))
        .add_text(IPVS_SVC_ATTR_SCHED_NAME, "rr")
        .add(IPVS_SVC_ATTR_FLAGS, ip_vs_flags{0, ~0U})
        .add(IPVS_SVC_ATTR_TIMEOUT, std::uint32_t{0})
        .add(IPVS_SVC_ATTR_NETMASK, v4 ? ~std::uint32_t{0} : std::uint32_t{128});
    NetlinkMessage message;
    message.add_nest(IPVS_CMD_ATTR_SERVICE, identity);
    ipvs.request(IPVS_CMD_NEW_SERVICE, message, "a service of IPVS");

    NetlinkMessage server;
    if (gue_port)
        server.add(IPVS_DEST_ATTR_TUN_TYPE, static_cast<std::uint8_t>(IP_VS_CONN_F_TUNNEL_TYPE_GUE))
            .add(IPVS_DEST_ATTR_TUN_PORT, htons(gue_port));
    add_address(server, IPVS_DEST_ATTR_ADDR, real)
        .add(IPVS_DEST_ATTR_PORT, htons(real.port()))
        .add(IPVS_DEST_ATTR_FWD_METHOD, static_cast<std::uint32_t>(how))
        .add(IPVS_DEST_ATTR_WEIGHT, std::uint32_t{1})
        .add(IPVS_DEST_ATTR_U_THRESH, std::uint32_t{0})
        .add(IPVS_DEST_ATTR_L_THRESH, std::uint32_t{0});
    message.add_nest(IPVS_CMD_ATTR_DEST, server);
    ipvs.request(IPVS_CMD_NEW_DEST, message, "a server of IPVS");
}

} // namespace guest
