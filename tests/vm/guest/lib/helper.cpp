// SPDX-License-Identifier: GPL-2.0-only
#include "lib/helper.h"

#include <csignal>
#include <cstdio>
#include <iostream>
#include <poll.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/wait.h"

namespace guest {

namespace {

void await_input(int fd) {
    pollfd poll{fd, POLLIN, 0};
    const int ready = ::poll(&poll, 1, static_cast<int>(patience.count()));
    if (ready <= 0)
        throw std::runtime_error("no word from the other process in time");
}

[[noreturn]] void run_child(const Namespace* ns, const Helper::Body& body, Channel channel) {
    int status = 1;
    try {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (ns)
            ns->enter();
        body(channel);
        status = 0;
    } catch (const std::exception& error) {
        std::cerr << "helper " << ::getpid() << ": " << error.what() << std::endl;
    }
    ::_exit(status);
}

} // namespace

void Channel::put(const void* data, std::size_t size) {
    if (::send(fd_.get(), data, size, MSG_NOSIGNAL) != static_cast<ssize_t>(size))
        fail("send to the other process");
}

void Channel::get(void* data, std::size_t size) {
    await_input(fd_.get());
    const ssize_t got = ::recv(fd_.get(), data, size, MSG_WAITALL);
    if (got == 0)
        throw std::runtime_error("the other process is gone");
    if (got != static_cast<ssize_t>(size))
        fail("receive from the other process");
}

bool Channel::ready(std::size_t size) const {
    std::string peeked(size, '\0');
    return ::recv(fd_.get(), peeked.data(), size, MSG_PEEK | MSG_DONTWAIT) ==
           static_cast<ssize_t>(size);
}

Helper::Helper(const Namespace* ns, const Body& body) : channel_(Fd()) {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    Fd ours(ends[0]);
    Fd theirs(ends[1]);
    std::cout.flush();
    std::fflush(stdout);
    pid_ = check(::fork(), "fork");
    if (pid_ == 0) {
        ours.close();
        run_child(ns, body, Channel(std::move(theirs)));
    }
    channel_ = Channel(std::move(ours));
}

Helper::Helper(Helper&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), channel_(std::move(other.channel_)) {}

Helper::~Helper() {
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void Helper::kill(int signal) const {
    check(::kill(pid_, signal), "kill");
}

void Helper::join() {
    int status = 0;
    pid_t got = 0;
    const bool ended = eventually([&] {
        got = ::waitpid(pid_, &status, WNOHANG);
        return got != 0;
    });
    if (!ended)
        throw std::runtime_error("helper process does not end");
    pid_ = -1;
    if (got < 0)
        fail("waitpid");
    if (status != 0)
        throw std::runtime_error("helper process failed, wait status " + std::to_string(status));
}

void Helper::await_zombie() const {
    siginfo_t info{};
    check(::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT), "waitid");
}

} // namespace guest
