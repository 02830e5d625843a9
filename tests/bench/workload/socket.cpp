#include "socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::array<char, 65536> buffer;

} // namespace

void fail(const std::string& what) {
    std::fprintf(stderr, "netatop-bench: %s: %s\n", what.c_str(), std::strerror(errno));
    std::_Exit(1);
}

Fd::~Fd() {
    if (fd_ >= 0)
        ::close(fd_);
}

Address::Address(const std::string& text, uint16_t port) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);

    if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        length = sizeof(*v4);
    } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        length = sizeof(*v6);
    } else {
        fail("address " + text);
    }
}

void enter_netns(const std::string& name) {
    static const Fd home(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));

    if (name.empty()) {
        if (::setns(home.get(), CLONE_NEWNET) != 0)
            fail("setns");
        return;
    }
    const Fd there(::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC));
    if (there.get() < 0 || ::setns(there.get(), CLONE_NEWNET) != 0)
        fail("network namespace " + name);
}

Fd open_socket(const Place& place, int type, int protocol) {
    enter_netns(place.netns);
    Fd fd(::socket(Address(place.address, 0).family(), type | SOCK_CLOEXEC, protocol));
    enter_netns("");
    if (fd.get() < 0)
        fail("socket");
    return fd;
}

Fd bound_socket(const Place& place, int type, uint16_t port) {
    Fd fd = open_socket(place, type);
    const Address own(place.address, port);
    const int on = 1;

    // With datagrams, it would let two sockets have one port.
    if (type == SOCK_STREAM)
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (::bind(fd.get(), own.get(), own.length) != 0)
        fail("bind to " + place.address);
    return fd;
}

Fd listener(const Place& place) {
    Fd fd = bound_socket(place, SOCK_STREAM);
    if (::listen(fd.get(), SOMAXCONN) != 0)
        fail("listen");
    return fd;
}

Address name_of(const Fd& fd) {
    Address name;

    name.length = sizeof(name.storage);
    if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name.storage), &name.length) != 0)
        fail("getsockname");
    return name;
}

void connect_to(const Fd& fd, const Address& to) {
    if (::connect(fd.get(), to.get(), to.length) != 0)
        fail("connect");
}

Fd accept_from(const Fd& listener) {
    Fd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd.get() < 0)
        fail("accept");
    return fd;
}

void reset_on_close(const Fd& fd) {
    const linger value{1, 0};

    if (::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &value, sizeof(value)) != 0)
        fail("SO_LINGER");
}

void send_all(const Fd& fd, size_t size) {
    if (::send(fd.get(), buffer.data(), size, 0) != static_cast<ssize_t>(size))
        fail("send");
}

void receive_all(const Fd& fd, size_t size) {
    if (::recv(fd.get(), buffer.data(), size, MSG_WAITALL) != static_cast<ssize_t>(size))
        fail("recv");
}
