// SPDX-License-Identifier: GPL-2.0-only
#include "lib/sockets.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/time.h>
#include <sys/uio.h>
#include <vector>

#include "lib/wait.h"

namespace guest {

namespace {

constexpr std::size_t largest = 1 << 16;
constexpr int roomy_buffer = 16 << 20;

Fd open_socket(Family family, int type, int protocol = 0) {
    Fd fd(check(::socket(domain(family), type | SOCK_CLOEXEC, protocol), "socket"));
    const timeval limit{patience.count() / 1000, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    return fd;
}

Fd bound_socket(const Address& address, int type, bool reuse_port, int protocol = 0) {
    Fd fd = open_socket(address.family(), type, protocol);
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (reuse_port)
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    check(::bind(fd.get(), address.get(), address.size()), "bind");
    return fd;
}

const std::vector<char>& zeros() {
    static const std::vector<char> data(largest);
    return data;
}

void expect_whole(ssize_t sent, std::size_t size, const char* what) {
    if (sent != static_cast<ssize_t>(size))
        fail(what);
}

} // namespace

void set_option(const Fd& socket, int level, int option, int value) {
    check(::setsockopt(socket.get(), level, option, &value, sizeof(value)), "setsockopt");
}

Fd udp_socket(Family family) {
    Fd fd = open_socket(family, SOCK_DGRAM);
    set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, roomy_buffer);
    set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, roomy_buffer);
    return fd;
}

Fd udp_bound(const Address& address, bool reuse_port) {
    Fd fd = bound_socket(address, SOCK_DGRAM, reuse_port);
    set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, roomy_buffer);
    return fd;
}

Fd udp_connected(const Address& peer) {
    Fd fd = udp_socket(peer.family());
    check(::connect(fd.get(), peer.get(), peer.size()), "connect");
    return fd;
}

void send_to(const Fd& socket, const Address& to, std::size_t size, unsigned times) {
    for (; times > 0; times--)
        expect_whole(::sendto(socket.get(), zeros().data(), size, 0, to.get(), to.size()), size,
                     "sendto");
}

void send_connected(const Fd& socket, std::size_t size, unsigned times) {
    for (; times > 0; times--)
        expect_whole(::send(socket.get(), zeros().data(), size, 0), size, "send");
}

std::uint64_t receive(const Fd& socket, unsigned times) {
    std::vector<char> data(largest);
    std::uint64_t payload = 0;
    for (; times > 0; times--)
        payload += check(::recv(socket.get(), data.data(), data.size(), 0), "receive datagram");
    return payload;
}

unsigned receive_until_end(const Fd& socket) {
    for (unsigned count = 0;; count++)
        if (receive(socket) == 1)
            return count;
}

void echo(const Fd& socket, unsigned times) {
    std::vector<char> data(largest);
    for (; times > 0; times--) {
        sockaddr_storage from{};
        socklen_t size = sizeof(from);
        auto* address = reinterpret_cast<sockaddr*>(&from);
        const auto got = check(
            ::recvfrom(socket.get(), data.data(), data.size(), 0, address, &size), "recvfrom");
        expect_whole(::sendto(socket.get(), data.data(), got, 0, address, size), got, "echo");
    }
}

Fd tcp_listener(const Address& address, bool reuse_port, int protocol) {
    Fd fd = bound_socket(address, SOCK_STREAM, reuse_port, protocol);
    check(::listen(fd.get(), 128), "listen");
    return fd;
}

Fd tcp_accept(const Fd& listener) {
    Fd fd(check(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
    const timeval limit{patience.count() / 1000, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return fd;
}

Fd tcp_connected(const Address& peer, int protocol) {
    Fd fd = open_socket(peer.family(), SOCK_STREAM, protocol);
    check(::connect(fd.get(), peer.get(), peer.size()), "connect");
    return fd;
}

// A call that the freezer interrupts is not resumed on a socket with a time limit (signal(7)).
template <class Call>
ssize_t repeated(Call call) {
    ssize_t result = 0;
    do
        result = call();
    while (result < 0 && errno == EINTR);
    return result;
}

void write_stream(const Fd& socket, std::size_t size) {
    while (size > 0) {
        const auto piece = std::min(size, largest);
        size -= check(
            repeated([&] { return ::send(socket.get(), zeros().data(), piece, MSG_NOSIGNAL); }),
            "write stream");
    }
}

std::uint64_t read_stream(const Fd& socket, std::uint64_t size) {
    std::vector<char> data(largest);
    std::uint64_t done = 0;
    while (done < size) {
        const auto piece = std::min<std::uint64_t>(size - done, data.size());
        const auto got = check(
            repeated([&] { return ::recv(socket.get(), data.data(), piece, 0); }), "read stream");
        if (got == 0)
            break;
        done += got;
    }
    return done;
}

std::uint64_t read_to_end(const Fd& socket) {
    return read_stream(socket, UINT64_MAX);
}

std::uint64_t cookie_of(const Fd& socket) {
    std::uint64_t cookie = 0;
    socklen_t length = sizeof(cookie);
    check(::getsockopt(socket.get(), SOL_SOCKET, SO_COOKIE, &cookie, &length), "SO_COOKIE");
    return cookie;
}

void finish_writing(const Fd& socket) {
    check(::shutdown(socket.get(), SHUT_WR), "shutdown");
}

TcpTally tally(const Fd& socket) {
    tcp_info info{};
    socklen_t size = sizeof(info);
    check(::getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
    return {info.tcpi_segs_out,      info.tcpi_segs_in,
            info.tcpi_bytes_sent,    info.tcpi_bytes_received,
            info.tcpi_total_retrans, info.tcpi_dsack_dups,
            info.tcpi_rcv_ooopack,   info.tcpi_rtt};
}

bool smooth(const TcpTally& client, const TcpTally& server) {
    const auto rough = [](const TcpTally& end) {
        return end.retransmitted + end.duplicates + end.reordered;
    };
    return rough(client) + rough(server) == 0;
}

void pass_descriptor(int channel, const Fd& descriptor) {
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int fd = descriptor.get();
    std::memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    check(::sendmsg(channel, &message, 0), "pass descriptor");
}

Fd take_descriptor(int channel) {
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    check(::recvmsg(channel, &message, MSG_CMSG_CLOEXEC), "take descriptor");
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_type != SCM_RIGHTS)
        throw std::runtime_error("no descriptor came");
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    return Fd(fd);
}

} // namespace guest
