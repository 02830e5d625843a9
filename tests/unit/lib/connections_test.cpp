// SPDX-License-Identifier: GPL-2.0-only
// Sockets as the module tells them, their addresses as sock_diag does, and the lines of both.
#include "connections.h"

#include "fake_kernel.h"

#include <gtest/gtest.h>
#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace netatop::test {

namespace {

Bytes socket_message(std::uint64_t cookie, const Bytes& owner, std::uint64_t first = 1) {
    return generic(NETATOP_CMD_SOCK,
                   attribute(NETATOP_A_COOKIE, raw(cookie)) +
                       attribute(NETATOP_A_PROTOCOL, raw(std::uint32_t{IPPROTO_TCP})) +
                       attribute(NETATOP_A_FAMILY, raw(std::uint32_t{AF_INET})) +
                       attribute(NETATOP_A_NETNS, raw(std::uint32_t{77})) + owner +
                       counters(first));
}

Bytes owned_by(std::uint32_t tgid) {
    return attribute(NETATOP_A_TGID, raw(tgid));
}

Bytes unowned(std::uint32_t of_class) {
    return attribute(NETATOP_A_CLASS, raw(of_class));
}

const nlmsghdr& header(const Bytes& bytes) {
    return *reinterpret_cast<const nlmsghdr*>(bytes.data());
}

Bytes diag(std::uint8_t family, std::uint8_t state, const std::vector<std::uint8_t>& local,
           const std::vector<std::uint8_t>& remote) {
    inet_diag_msg socket{};
    socket.idiag_family = family;
    socket.idiag_state = state;
    socket.id.idiag_sport = htons(80);
    socket.id.idiag_dport = htons(remote.empty() ? 0 : 4711);
    auto* to = reinterpret_cast<std::uint8_t*>(socket.id.idiag_src);
    std::copy(local.begin(), local.end(), to);
    to = reinterpret_cast<std::uint8_t*>(socket.id.idiag_dst);
    std::copy(remote.begin(), remote.end(), to);
    socket.id.idiag_cookie[0] = 5;
    socket.id.idiag_cookie[1] = 1;
    return message(20, raw(socket));
}

Connection connection(const char* remote, std::uint16_t port, std::uint64_t bytes) {
    Connection made;
    made.endpoints.remote = {remote, port};
    made.endpoints.local = {"10.0.0.1", 22};
    made.moved.tcp_sent = {1, bytes};
    return made;
}

} // namespace

TEST(SocketMessage, SaysWhoOwnsIt) {
    const auto owned = parse_socket(header(socket_message(9, owned_by(4))));
    ASSERT_TRUE(owned);
    EXPECT_EQ(owned->cookie, 9U);
    EXPECT_EQ(owned->protocol, std::uint32_t{IPPROTO_TCP});
    EXPECT_EQ(owned->netns, 77U);
    EXPECT_EQ(owned->tgid, 4U);
    EXPECT_FALSE(owned->without_owner);
    EXPECT_EQ(owned->counters.tcp_sent.bytes, 2U);
    const auto waiting = parse_socket(header(socket_message(9, unowned(NETATOP_CLASS_KERNEL))));
    ASSERT_TRUE(waiting);
    EXPECT_EQ(waiting->without_owner, std::uint32_t{NETATOP_CLASS_KERNEL});
    EXPECT_FALSE(waiting->tgid);
}

TEST(SocketMessage, Malformed) {
    EXPECT_FALSE(parse_socket(header(socket_message(0, owned_by(4))))) << "no cookie";
    EXPECT_FALSE(parse_socket(
        header(generic(NETATOP_CMD_SOCK, attribute(NETATOP_A_COOKIE, raw(std::uint64_t{9}))))))
        << "no counters";
    EXPECT_FALSE(parse_socket(header(socket_message(9, attribute(NETATOP_A_TGID, "x")))));
}

TEST(Endpoints, OfAMessage) {
    EndpointsByCookie all;
    ASSERT_TRUE(add_endpoints(all, header(diag(AF_INET, 1, {10, 0, 0, 1}, {10, 0, 0, 2})), true));
    const auto& one = all.at(0x100000005);
    EXPECT_EQ(one.local.text(), "10.0.0.1:80");
    EXPECT_EQ(one.remote.text(), "10.0.0.2:4711");
    EXPECT_EQ(one.state, "ESTAB");
    std::vector<std::uint8_t> v6(16);
    v6[0] = 0xfe;
    v6[1] = 0x80;
    v6[15] = 1;
    ASSERT_TRUE(add_endpoints(all, header(diag(AF_INET6, 7, v6, {})), false));
    EXPECT_EQ(all.at(0x100000005).local.text(), "[fe80::1]:80");
    EXPECT_EQ(all.at(0x100000005).remote.text(), "");
    EXPECT_EQ(all.at(0x100000005).state, "");
    EXPECT_EQ((Endpoint{"", 53}).text(), "*:53");
    EXPECT_FALSE(add_endpoints(all, header(message(20, "short")), true));
}

TEST(Endpoints, OfIPv4InASocketOfIPv6) {
    const std::array<unsigned char, 16> mapped{0, 0, 0,    0,    0,  0,  0, 0,
                                               0, 0, 0xff, 0xff, 10, 55, 0, 1};
    EXPECT_EQ(address_text(AF_INET6, mapped.data()), "10.55.0.1");
    auto other = mapped;
    other[9] = 1;
    EXPECT_EQ(address_text(AF_INET6, other.data()), "::1:ffff:a37:1");
}

TEST(Endpoints, OfThisMachine) {
    EndpointsByCookie all;
    EXPECT_TRUE(add_endpoints(all));
}

TEST(Endpoints, TextAndBack) {
    for (const char* text : {"10.0.0.1:80", "[fe80::1]:80", "*:53", ""})
        EXPECT_EQ(Endpoint::of(text).text(), text);
    EXPECT_EQ(Endpoint::of("[fe80::1]:80").address, "fe80::1");
    EXPECT_EQ(Endpoint::of("10.0.0.1:80").port, 80);
    EXPECT_EQ(Endpoint::of("*:53").address, "");
}

// Beside what the socket itself says of the same.
TEST(Endpoints, WaysOfTcp) {
    const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* to = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(listener.get(), to, size), 0);
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    ASSERT_EQ(::getsockname(listener.get(), to, &size), 0);
    const Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(client.get(), to, size), 0);
    const Descriptor server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_EQ(::write(client.get(), "x", 1), 1);
    std::array<char, 1> byte{};
    ASSERT_EQ(::read(server.get(), byte.data(), 1), 1);

    std::uint64_t cookie = 0;
    size = sizeof cookie;
    ASSERT_EQ(::getsockopt(client.get(), SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
    tcp_info info{};
    size = sizeof info;
    ASSERT_EQ(::getsockopt(client.get(), IPPROTO_TCP, TCP_INFO, &info, &size), 0);
    ASSERT_NE(info.tcpi_rtt, 0U);
    EndpointsByCookie with;
    EndpointsByCookie without;
    ASSERT_TRUE(add_endpoints(with, true));
    ASSERT_TRUE(add_endpoints(without));
    ASSERT_EQ(with.count(cookie), 1U);
    ASSERT_TRUE(with.at(cookie).way);
    EXPECT_EQ(with.at(cookie).way->rtt_us, info.tcpi_rtt);
    EXPECT_EQ(with.at(cookie).way->retransmitted, info.tcpi_total_retrans);
    EXPECT_FALSE(without.at(cookie).way);
}

TEST(Endpoints, WhatIsToldOfAWay) {
    tcp_info info{};
    info.tcpi_rtt = 4711;
    info.tcpi_retrans = 3; // at present
    info.tcpi_total_retrans = 12;
    Bytes told = raw(info);
    const auto way = [&](std::size_t length) {
        Bytes bytes = diag(AF_INET, 1, {10, 0, 0, 1}, {10, 0, 0, 2}) +
                      attribute(INET_DIAG_INFO, told.substr(0, length));
        reinterpret_cast<nlmsghdr*>(bytes.data())->nlmsg_len =
            static_cast<std::uint32_t>(bytes.size());
        EndpointsByCookie all;
        EXPECT_TRUE(add_endpoints(all, header(bytes), true));
        return all.at(0x100000005).way;
    };
    told += "and what a newer kernel says more";
    for (const std::size_t length : {told.size(), sizeof info, std::size_t{104}}) {
        ASSERT_TRUE(way(length)) << length;
        EXPECT_EQ(way(length)->rtt_us, 4711U);
        EXPECT_EQ(way(length)->retransmitted, 12U);
    }
    EXPECT_FALSE(way(100)) << "too short";
    EXPECT_FALSE(way(0));
}

TEST(Connections, FilterAndRemotes) {
    Connection unknown = connection("", 0, 5);
    const std::vector<Connection> all{connection("10.0.0.2", 443, 100),
                                      connection("10.0.0.2", 80, 20),
                                      connection("10.9.0.2", 443, 3), unknown};
    ConnectionFilter filter;
    EXPECT_FALSE(filter.any());
    filter.port = 443;
    EXPECT_TRUE(filter.takes(all[0]));
    EXPECT_FALSE(filter.takes(all[1]));
    filter.port = 22; // here
    EXPECT_TRUE(filter.takes(all[1]));
    filter.remote = "10.9.*";
    EXPECT_TRUE(filter.takes(all[2]));
    EXPECT_FALSE(filter.takes(all[0]));
    EXPECT_FALSE(filter.takes(unknown));

    const auto lines = chosen(remote_lines(all), {});
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0].name, "10.0.0.2");
    EXPECT_EQ(lines[0].counters.all().bytes, 120U);
    EXPECT_EQ(std::get<std::uint64_t>(lines[0].who[1]), 2U);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(lines[1].who[0]));
}

TEST(Connections, Rates) {
    FakeKernel kernel;
    std::ostringstream notes;
    kernel.script({family()});
    auto sampler = ConnectionSampler::start(std::nullopt, true, notes, kernel.connect());
    ASSERT_TRUE(sampler);
    kernel.script({socket_message(9, owned_by(4)), socket_message(8, unowned(0)), done()});
    kernel.script({task(4), done()});
    const auto first = sampler->take();
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->empty());
    kernel.script({socket_message(9, owned_by(4), 11), socket_message(8, unowned(0)), done()});
    kernel.script({task(4), done()});
    const auto second = sampler->take();
    ASSERT_TRUE(second) << second.error().text;
    ASSERT_EQ(second->size(), 1U) << "what rests is left out";
    EXPECT_EQ((*second)[0].moved.tcp_sent.bytes, 10U);
    ASSERT_TRUE((*second)[0].owner);
    EXPECT_EQ((*second)[0].owner->name, "curl");
    EXPECT_NE(notes.str().find("addresses"), std::string::npos) << "nobody is in that namespace";
    Identities identities;
    const auto lines = connection_lines(*second, identities);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].shown, "curl");
    EXPECT_EQ(lines[0].who.size(), columns_of(Kind::connections).size());
}

} // namespace netatop::test
