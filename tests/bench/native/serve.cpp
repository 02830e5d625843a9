// SPDX-License-Identifier: GPL-2.0-only
#include "serve.h"

#include "sockets.h"

#include <utility>
#include <vector>

namespace netatop::native {

namespace {

constexpr std::size_t most_connections = 256;

// For both families, where IPv6 is there.
Result<Address> any(std::uint16_t port) {
    return Address::parse(open_socket(AF_INET6, SOCK_DGRAM) ? "::" : "0.0.0.0", port);
}

class Service {
public:
    static Result<Service> open(std::uint16_t port) {
        Service service;
        const auto first = any(port);
        const auto second = any(static_cast<std::uint16_t>(port + 1));
        if (!first || !second)
            return first ? second.error() : first.error();
        auto datagrams = bound_socket(*first, SOCK_DGRAM);
        auto echo = listening_socket(*first);
        auto sink = listening_socket(*second);
        for (const auto* made : {&datagrams, &echo, &sink})
            if (!*made)
                return made->error();
        service.datagrams_ = std::move(*datagrams);
        service.echo_ = std::move(*echo);
        service.sink_ = std::move(*sink);
        return service;
    }

    Status step(const Interrupt& interrupt) {
        std::vector<pollfd> events{
            {datagrams_.get(), POLLIN, 0}, {echo_.get(), POLLIN, 0}, {sink_.get(), POLLIN, 0}};
        for (const Peer& peer : peers_)
            events.push_back({peer.socket.get(), POLLIN, 0});
        if (auto done = interrupt.wait(events.data(), events.size(), -1); !done)
            return done;
        for (std::size_t i = peers_.size(); i-- > 0;)
            if (events[i + 3].revents != 0 && !exchange(peers_[i]))
                peers_.erase(peers_.begin() + static_cast<std::ptrdiff_t>(i));
        if (events[0].revents != 0)
            echo_datagram();
        if (events[1].revents != 0)
            accept(echo_, true);
        if (events[2].revents != 0)
            accept(sink_, false);
        return Done{};
    }

private:
    struct Peer {
        Descriptor socket;
        bool answers;
    };

    // False: it went away. Who does not take the answer is given up.
    bool exchange(const Peer& peer) {
        const ssize_t length =
            ::recv(peer.socket.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (length <= 0)
            return length < 0 && errno == EAGAIN;
        return !peer.answers ||
               ::send(peer.socket.get(), buffer_.data(), static_cast<std::size_t>(length),
                      MSG_DONTWAIT | MSG_NOSIGNAL) == length;
    }

    void echo_datagram() {
        sockaddr_storage from{};
        socklen_t size = sizeof(from);
        auto* name = reinterpret_cast<sockaddr*>(&from); // NOLINT: as the interface is
        const ssize_t length =
            ::recvfrom(datagrams_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT, name, &size);
        if (length >= 0)
            (void)::sendto(datagrams_.get(), buffer_.data(), static_cast<std::size_t>(length),
                           MSG_DONTWAIT, name, size);
    }

    void accept(const Descriptor& listening, bool answers) {
        auto socket = accepted_socket(listening);
        if (socket && peers_.size() < most_connections)
            peers_.push_back({std::move(*socket), answers});
    }

    Descriptor datagrams_;
    Descriptor echo_;
    Descriptor sink_;
    std::vector<Peer> peers_;
    std::vector<char> buffer_ = std::vector<char>(65536);
};

} // namespace

Status serve(std::uint16_t port, const Interrupt& interrupt) {
    auto service = Service::open(port);
    if (!service)
        return service.error();
    while (!interrupt.happened())
        if (auto done = service->step(interrupt); !done)
            return done;
    return Done{};
}

} // namespace netatop::native
