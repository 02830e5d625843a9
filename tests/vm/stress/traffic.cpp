// SPDX-License-Identifier: GPL-2.0-only
// Datagrams and connections between the two sides of a pair, and a link that goes down and up.
#include "roles.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <thread>

#include "net.h"

namespace stress {

namespace {

void serve_datagrams(Turns& turns, const Side& side, Family family) {
    side.ns.enter();
    const Fd socket = listening(side.at(family, echo_port), SOCK_DGRAM);
    char buffer[4096];
    while (turns.next()) {
        Address from = Address::any(family);
        socklen_t size = from.size();
        const ssize_t got = ::recvfrom(socket.get(), buffer, sizeof(buffer), 0, from.get(), &size);
        if (got > 0 && turns.random(4))
            send_zeros_to(socket, from, static_cast<std::size_t>(got));
    }
}

// Sizes up to several fragments; old sockets, new ones, closed ports.
void send_datagrams(Turns& turns, const Side& from, const Side& to, Family family) {
    from.ns.enter();
    Fd socket;
    while (turns.next()) {
        if (turns.random(50) == 0 || socket.get() < 0)
            socket = hasty_socket(family, SOCK_DGRAM);
        const auto port = static_cast<std::uint16_t>(echo_port + 100 * (turns.random(20) == 0));
        send_zeros_to(socket, to.at(family, port), turns.random(turns.random(10) ? 1400 : 6000));
        receive_some(socket, 6000, turns.random(2) ? MSG_DONTWAIT : 0);
    }
}

void answer(const Fd& connection) {
    const auto got = receive_some(connection, 20000);
    send_zeros(connection, got + 1);
}

// Who accepts is not always who answers.
void serve_connections(Turns& turns, const Side& side, Family family) {
    side.ns.enter();
    const Fd listener = listening(side.at(family, service_port), SOCK_STREAM);
    while (turns.next()) {
        const Fd connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        switch (connection.get() < 0 ? -1 : static_cast<int>(turns.random(8))) {
        case -1:
            break;
        case 0:
            std::thread(answer, std::cref(connection)).join();
            break;
        case 1:
            reset_on_close(connection);
            break;
        default:
            answer(connection);
        }
    }
}

void connect_and_talk(Turns& turns, const Side& from, const Side& to, Family family) {
    from.ns.enter();
    while (turns.next()) {
        const Fd connection = connected(to.at(family, service_port), SOCK_STREAM);
        if (turns.random(3) == 0)
            reset_on_close(connection);
        if (turns.random(4) == 0)
            continue;
        send_zeros(connection, turns.random(20000));
        receive_some(connection, 20000);
    }
}

// Connections to a port where nobody listens, and to one where too many want to.
void storm(Turns& turns, const Side& from, const Side& to, Family family) {
    from.ns.enter();
    while (turns.next()) {
        std::vector<Fd> sockets;
        for (unsigned i = 0; i < 32; i++) {
            const auto port = static_cast<std::uint16_t>(service_port + turns.random(2));
            sockets.push_back(hasty_socket(family, SOCK_STREAM | SOCK_NONBLOCK));
            const Address peer = to.at(family, port);
            (void)::connect(sockets.back().get(), peer.get(), peer.size());
            if (turns.random(2))
                reset_on_close(sockets.back());
        }
        turns.pause(20);
    }
}

void flap(Turns& turns, const Side& side) {
    side.ns.enter();
    const Fd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    side.device.copy(request.ifr_name, IFNAMSIZ - 1);
    bool up = false;
    do {
        request.ifr_flags = up ? IFF_UP : 0;
        ::ioctl(control.get(), SIOCSIFFLAGS, &request);
        up = !up;
        turns.pause(50);
    } while (turns.next());
}

} // namespace

Roles traffic_roles(const Stage& stage) {
    const Side& a = stage.steady.a;
    const Side& b = stage.steady.b;
    const Side& c = stage.shaky.a;
    const Side& d = stage.shaky.b;
    Roles roles;
    for (const Family family : families) {
        const std::string version = family == Family::v4 ? "4" : "6";
        roles.push_back(
            {"udp-server" + version, [&, family](Turns& t) { serve_datagrams(t, b, family); }});
        roles.push_back(
            {"udp-client" + version, [&, family](Turns& t) { send_datagrams(t, a, b, family); }});
        roles.push_back(
            {"tcp-server" + version, [&, family](Turns& t) { serve_connections(t, b, family); }});
        roles.push_back(
            {"tcp-client" + version, [&, family](Turns& t) { connect_and_talk(t, a, b, family); }});
        roles.push_back({"storm" + version, [&, family](Turns& t) { storm(t, a, b, family); }});
    }
    roles.push_back({"shaky-server", [&](Turns& t) { serve_datagrams(t, d, Family::v4); }});
    roles.push_back({"shaky-client", [&](Turns& t) { send_datagrams(t, c, d, Family::v4); }});
    roles.push_back({"flap", [&](Turns& t) { flap(t, c); }});
    return roles;
}

} // namespace stress
