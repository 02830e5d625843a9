// SPDX-License-Identifier: GPL-2.0-only
#include "notify.h"

#include "support.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>

namespace netatop::test {

namespace {

Descriptor listen_at(const std::string& name) {
    Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    return socket;
}

std::string received(const Descriptor& socket) {
    std::array<char, 200> text{};
    const ssize_t length = ::recv(socket.get(), text.data(), text.size(), MSG_DONTWAIT);
    return length < 0 ? "" : std::string(text.data(), length);
}

} // namespace

TEST(Notify, SocketInTheFileSystem) {
    const Directory directory;
    const auto socket = listen_at(directory.path + "/notify");
    const Notify notify(directory.path + "/notify");
    notify.ready();
    EXPECT_EQ(received(socket), "READY=1");
    notify.status("Fine.");
    EXPECT_EQ(received(socket), "STATUS=Fine.");
    notify.stopping();
    EXPECT_EQ(received(socket), "STOPPING=1");
}

TEST(Notify, AbstractSocket) {
    const std::string name = "netatop-test-" + std::to_string(::getpid());
    const auto socket = listen_at('\0' + name);
    Notify('@' + name).ready();
    EXPECT_EQ(received(socket), "READY=1");
}

TEST(Notify, NobodyListens) {
    for (const std::string& name : {std::string(), std::string("/nowhere"), std::string(300, 'x')})
        Notify(name).ready();
}

} // namespace netatop::test
