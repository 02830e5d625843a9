// SPDX-License-Identifier: GPL-2.0-only
// Traffic of known size.
//
//   traffic serve ADDRESS PORT                     answer each UDP datagram, and each byte of TCP
//   traffic ask udp|tcp ADDRESS PORT BYTES COUNT   send COUNT messages of BYTES, and read each
//                                                  answer before the next
//
//   traffic threads NUMBER udp|tcp …               the same in NUMBER threads, in the first one
//                                                  once, in the second one twice, …
//
// After its messages, `ask` keeps its socket open until its standard input ends.

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

// The socket address of ADDRESS and PORT, IPv6 when it has a colon.
socklen_t parse_address(const char* address, const char* port, sockaddr_storage& parsed) {
    const auto number = htons(static_cast<uint16_t>(std::strtoul(port, nullptr, 10)));
    if (std::strchr(address, ':') != nullptr) {
        auto* in6 = reinterpret_cast<sockaddr_in6*>(&parsed);
        in6->sin6_family = AF_INET6;
        in6->sin6_port = number;
        return inet_pton(AF_INET6, address, &in6->sin6_addr) == 1 ? sizeof(*in6) : 0;
    }
    auto* in = reinterpret_cast<sockaddr_in*>(&parsed);
    in->sin_family = AF_INET;
    in->sin_port = number;
    return inet_pton(AF_INET, address, &in->sin_addr) == 1 ? sizeof(*in) : 0;
}

int open_socket(int type, const char* address, const char* port, bool listening) {
    sockaddr_storage parsed{};
    const socklen_t length = parse_address(address, port, parsed);
    const int fd = socket(parsed.ss_family, type, 0);
    if (length == 0 || fd < 0)
        die(address);
    if (listening) {
        const int on = 1;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    if ((listening ? bind : connect)(fd, reinterpret_cast<sockaddr*>(&parsed), length) != 0)
        die(listening ? "bind" : "connect");
    if (listening && type == SOCK_STREAM && listen(fd, 128) != 0)
        die("listen");
    return fd;
}

void send_all(int fd, const char* data, size_t size) {
    while (size > 0) {
        const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent < 0)
            die("send");
        data += sent;
        size -= static_cast<size_t>(sent);
    }
}

void answer_datagram(int fd, std::vector<char>& buffer) {
    sockaddr_storage peer{};
    socklen_t length = sizeof(peer);
    const ssize_t got =
        recvfrom(fd, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&peer), &length);
    if (got >= 0)
        sendto(fd, buffer.data(), static_cast<size_t>(got), 0, reinterpret_cast<sockaddr*>(&peer),
               length);
}

// False once the connection has ended.
bool answer_stream(int fd, std::vector<char>& buffer) {
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0)
        return false;
    send_all(fd, buffer.data(), static_cast<size_t>(got));
    return true;
}

[[noreturn]] void serve(const char* address, const char* port) {
    std::vector<char> buffer(1 << 16);
    const int datagrams = open_socket(SOCK_DGRAM, address, port, true);
    const int listener = open_socket(SOCK_STREAM, address, port, true);
    std::vector<pollfd> polled{{datagrams, POLLIN, 0}, {listener, POLLIN, 0}};

    for (;;) {
        if (poll(polled.data(), polled.size(), -1) < 0)
            die("poll");
        if (polled[0].revents != 0)
            answer_datagram(datagrams, buffer);
        for (size_t i = polled.size() - 1; i > 1; i--) {
            if (polled[i].revents == 0 || answer_stream(polled[i].fd, buffer))
                continue;
            close(polled[i].fd);
            polled.erase(polled.begin() + static_cast<ptrdiff_t>(i));
        }
        if (polled[1].revents != 0) {
            const int fd = accept(listener, nullptr, nullptr);
            if (fd >= 0)
                polled.push_back({fd, POLLIN, 0});
        }
    }
}

void ask(int type, const char* address, const char* port, size_t bytes, long count) {
    std::vector<char> message(bytes, 'x');
    const int fd = open_socket(type, address, port, false);

    for (long i = 0; i < count; i++) {
        send_all(fd, message.data(), bytes);
        for (size_t got = 0; got < bytes;) {
            const ssize_t more = recv(fd, message.data(), bytes - got, 0);
            if (more <= 0)
                die("recv");
            got += static_cast<size_t>(more);
        }
    }
    char rest = 0;
    while (read(STDIN_FILENO, &rest, 1) > 0) {
    }
    close(fd);
}

// TYPE ADDRESS PORT BYTES COUNT, as on the command line; FACTOR times COUNT messages.
void ask(char** argv, long factor) {
    ask(std::strcmp(argv[0], "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM, argv[1], argv[2],
        std::strtoul(argv[3], nullptr, 10), factor * std::strtol(argv[4], nullptr, 10));
}

void ask_in_threads(long number, char** argv) {
    std::vector<std::thread> threads;
    for (long i = 1; i <= number; i++)
        threads.emplace_back([=] { ask(argv, i); });
    for (auto& thread : threads)
        thread.join();
}

} // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "serve" && argc == 4)
        serve(argv[2], argv[3]);
    if (what == "ask" && argc == 7) {
        ask(argv + 2, 1);
        return 0;
    }
    if (what == "threads" && argc == 8) {
        ask_in_threads(std::strtol(argv[2], nullptr, 10), argv + 3);
        return 0;
    }
    std::fprintf(stderr, "usage: traffic serve ADDRESS PORT\n"
                         "       traffic ask udp|tcp ADDRESS PORT BYTES COUNT\n"
                         "       traffic threads NUMBER udp|tcp ADDRESS PORT BYTES COUNT\n");
    return 2;
}
