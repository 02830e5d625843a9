// SPDX-License-Identifier: GPL-2.0-only
#include "lib/packet.h"

#include <algorithm>
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "lib/sockets.h"

namespace guest {

namespace {

constexpr std::uint8_t mac_of_b[ETH_ALEN] = {2, 0, 0, 0, 0, 0x0b};

std::size_t address_size(const Address& address) {
    return address.family() == Family::v4 ? 4 : 16;
}

// Over so many bytes, by the rule of RFC 1071.
unsigned checksum(const Bytes& bytes, std::size_t size) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < size; i += 2)
        sum += static_cast<std::uint32_t>(bytes.at(i) << 8 | bytes.at(i + 1));
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

// What the checksum of UDP and TCP covers besides the datagram (RFC 768, RFC 8200 section 8.1).
Bytes pseudo_header(const Ends& ends, int protocol, std::size_t size) {
    const auto address = address_size(ends.to);
    Bytes header(2 * address + 4, 0);
    put_address(header, 0, ends.from);
    put_address(header, address, ends.to);
    put16(header, 2 * address, static_cast<unsigned>(size));
    put16(header, 2 * address + 2, static_cast<unsigned>(protocol));
    return header;
}

Bytes with_checksum(const Ends& ends, int protocol, Bytes transport, std::size_t at) {
    auto covered = pseudo_header(ends, protocol, transport.size()) + transport;
    covered.resize((covered.size() + 1) & ~std::size_t{1}, 0);
    put16(transport, at, checksum(covered, covered.size()));
    return transport;
}

} // namespace

Bytes operator+(Bytes some, const Bytes& more) {
    some.insert(some.end(), more.begin(), more.end());
    return some;
}

void put16(Bytes& bytes, std::size_t at, unsigned value) {
    bytes.at(at) = static_cast<std::uint8_t>(value >> 8);
    bytes.at(at + 1) = static_cast<std::uint8_t>(value);
}

void put_address(Bytes& bytes, std::size_t at, const Address& address) {
    const void* bits = &reinterpret_cast<const sockaddr_in6*>(address.get())->sin6_addr;
    if (address.family() == Family::v4)
        bits = &reinterpret_cast<const sockaddr_in*>(address.get())->sin_addr;
    std::copy_n(static_cast<const std::uint8_t*>(bits), address_size(address), &bytes.at(at));
}

Bytes ip_packet(const Ends& ends, int protocol, const Bytes& payload) {
    const auto family = ends.to.family();
    Bytes packet(ip_header(family), 0);
    if (family == Family::v4) {
        packet[0] = 0x45;
        put16(packet, 2, static_cast<unsigned>(packet.size() + payload.size()));
        packet[8] = 64;
        packet[9] = static_cast<std::uint8_t>(protocol);
        put_address(packet, 12, ends.from);
        put_address(packet, 16, ends.to);
        correct_checksum(packet);
    } else {
        packet[0] = 0x60;
        put16(packet, 4, static_cast<unsigned>(payload.size()));
        packet[6] = static_cast<std::uint8_t>(protocol);
        packet[7] = 64;
        put_address(packet, 8, ends.from);
        put_address(packet, 24, ends.to);
    }
    return packet + payload;
}

void correct_checksum(Bytes& packet) {
    put16(packet, 10, 0);
    put16(packet, 10, checksum(packet, std::min<std::size_t>(packet.size(), 4 * (packet[0] & 15))));
}

Bytes udp_packet(const Ends& ends, std::size_t size) {
    Bytes datagram(udp_header + size, 'x');
    put16(datagram, 0, ends.from.port());
    put16(datagram, 2, ends.to.port());
    put16(datagram, 4, static_cast<unsigned>(datagram.size()));
    put16(datagram, 6, 0);
    return ip_packet(ends, IPPROTO_UDP, with_checksum(ends, IPPROTO_UDP, datagram, 6));
}

Bytes tcp_packet(const Ends& ends, std::uint8_t flags) {
    Bytes segment(20, 0);
    put16(segment, 0, ends.from.port());
    put16(segment, 2, ends.to.port());
    segment[12] = 5 << 4;
    segment[13] = flags;
    put16(segment, 14, 1000);
    return ip_packet(ends, IPPROTO_TCP, with_checksum(ends, IPPROTO_TCP, segment, 16));
}

Bytes fragment(const Ends& ends, const Fragment& fragment, const Bytes& part) {
    if (ends.to.family() == Family::v6) {
        Bytes header(fragment_header, 0);
        header[0] = static_cast<std::uint8_t>(fragment.protocol);
        put16(header, 2, fragment.at | fragment.flag);
        put16(header, 6, fragment.id);
        return ip_packet(ends, IPPROTO_FRAGMENT, header + part);
    }
    auto packet = ip_packet(ends, fragment.protocol, part);
    put16(packet, 4, fragment.id);
    put16(packet, 6, fragment.flag << 13 | fragment.at / 8);
    correct_checksum(packet);
    return packet;
}

PacketSocket::PacketSocket(const Side& from, Family family) {
    const Inside inside(from.ns);
    socket_ = Fd(check(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "packet socket"));
    peer_.sll_family = AF_PACKET;
    peer_.sll_protocol = htons(family == Family::v4 ? ETH_P_IP : ETH_P_IPV6);
    peer_.sll_ifindex = static_cast<int>(::if_nametoindex(from.device.c_str()));
    peer_.sll_halen = ETH_ALEN;
    std::copy(std::begin(mac_of_b), std::end(mac_of_b), peer_.sll_addr);
}

bool PacketSocket::send(const Bytes& packet) const {
    return ::sendto(socket_.get(), packet.data(), packet.size(), 0,
                    reinterpret_cast<const sockaddr*>(&peer_), sizeof(peer_)) >= 0;
}

Fd open_tunnel(const Namespace& ns, short flags) {
    const Inside inside(ns);
    ns.run("modprobe tun");
    Fd tunnel(check(::open("/dev/net/tun", O_RDWR), "/dev/net/tun"));
    ifreq request{};
    request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | flags);
    std::string("t0").copy(static_cast<char*>(request.ifr_name), IFNAMSIZ - 1);
    check(::ioctl(tunnel.get(), TUNSETIFF, &request), "TUNSETIFF");
    return tunnel;
}

void number_tunnel(const Namespace& ns, unsigned number) {
    const auto host = std::to_string(number);
    ns.ip("link set t0 addrgenmode none\naddr add 10.6.0." + host +
          "/24 dev t0\naddr add fd06::" + host + "/64 dev t0 nodad\nlink set t0 up\n");
}

} // namespace guest
