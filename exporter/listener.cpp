// SPDX-License-Identifier: GPL-2.0-only
#include "listener.h"

#include "options.h"

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace netatop {

namespace {

constexpr int first_passed = 3; // SD_LISTEN_FDS_START
constexpr int queue = 64;

struct Place {
    std::string address; // empty for all
    std::string port;
};

std::optional<Place> place_in(const std::string& where) {
    const auto colon = where.rfind(':');
    if (colon == std::string::npos || colon + 1 == where.size())
        return std::nullopt;
    Place place{where.substr(0, colon), where.substr(colon + 1)};
    constexpr unsigned long long last_port = 65535;
    const auto port = number(place.port);
    if (!port || *port > last_port)
        return std::nullopt;
    const bool bracketed =
        place.address.size() > 2 && place.address.front() == '[' && place.address.back() == ']';
    if (bracketed)
        place.address = place.address.substr(1, place.address.size() - 2);
    else if (place.address.find(':') != std::string::npos)
        return std::nullopt;
    return place;
}

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

Addresses addresses_of(const Place& place) {
    addrinfo hints{};
    // No name server is asked: where to listen must not depend on one.
    hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_family = place.address.empty() ? AF_INET6 : AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    const std::string address = place.address == "localhost" ? "127.0.0.1" : place.address;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.empty() ? nullptr : address.c_str(), place.port.c_str(), &hints,
                      &found) != 0)
        found = nullptr;
    return {found, ::freeaddrinfo};
}

std::string environment(const char* name) {
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): there are no threads
    return value == nullptr ? std::string() : value;
}

bool is_listening(int fd) {
    int listening = 0;
    socklen_t size = sizeof listening;
    return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0;
}

} // namespace

Result<Descriptor> listen_on(const std::string& where) {
    const auto place = place_in(where);
    const Addresses addresses = place ? addresses_of(*place) : Addresses(nullptr, ::freeaddrinfo);
    if (!addresses)
        return Error{"--listen " + where +
                         ": give an address and a port, as 127.0.0.1:10147, [::1]:10147, or :10147 "
                         "for all addresses",
                     Cause::usage};
    const auto& to = *addresses;
    Descriptor socket(::socket(to.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket)
        return system_error("cannot make a socket");
    const int yes = 1;
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(socket.get(), to.ai_addr, to.ai_addrlen) != 0 ||
        ::listen(socket.get(), queue) != 0) {
        const auto error = system_error("cannot listen on " + where);
        return Error{error.text + (error.code == EADDRINUSE
                                       ? ": another exporter runs, or name another port"
                                       : ""),
                     error.cause, error.code};
    }
    return socket;
}

Result<std::optional<Descriptor>> passed_socket() {
    if (environment("LISTEN_PID") != std::to_string(::getpid()))
        return std::optional<Descriptor>();
    const auto count = environment("LISTEN_FDS");
    if (count != "1" || !is_listening(first_passed))
        return Error{"the service manager has to pass one socket that listens, and passes " +
                         (count == "1" ? std::string("another thing") : count) +
                         ": give netatop-exporter.socket one ListenStream=",
                     Cause::usage};
    (void)::fcntl(first_passed, F_SETFD, FD_CLOEXEC);
    const int flags = ::fcntl(first_passed, F_GETFL);
    (void)::fcntl(first_passed, F_SETFL, flags | O_NONBLOCK);
    return std::optional<Descriptor>(Descriptor(first_passed));
}

} // namespace netatop
