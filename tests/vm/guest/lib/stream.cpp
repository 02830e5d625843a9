// SPDX-License-Identifier: GPL-2.0-only
#include "lib/stream.h"

#include <poll.h>
#include <sched.h>
#include <stdexcept>
#include <sys/socket.h>

#include "lib/sockets.h"
#include "lib/wait.h"

namespace guest {

namespace {

constexpr std::size_t size = 100;
constexpr unsigned rounds_of_a_socket = 16;

// Fails as long as the processor is not there.
void stay_on(std::optional<unsigned> processor) {
    if (!processor)
        return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(*processor, &set);
    ::sched_setaffinity(0, sizeof(set), &set);
}

// A datagram may be lost, so nobody waits for one.
void drain(const Fd& socket) {
    char buffer[2 * size];
    while (::recv(socket.get(), buffer, sizeof(buffer), MSG_DONTWAIT) >= 0) {
    }
}

void answer(const Fd& udp, const Fd& connection) {
    for (;;) {
        pollfd polls[] = {{udp.get(), POLLIN, 0}, {connection.get(), POLLIN, 0}};
        ::poll(polls, 2, -1);
        if (polls[0].revents)
            echo(udp);
        if (polls[1].revents)
            write_stream(connection, read_stream(connection, size));
    }
}

} // namespace

Stream::Stream(const Pair& pair, Family family, std::optional<unsigned> processor)
    : pair_(pair), server_(pair.b.ns,
                           [&](Channel& test) {
                               const Fd udp = udp_bound(pair.b.at(family));
                               const Fd listener = tcp_listener(pair.b.at(family));
                               test.send(Address::local_of(udp.get()).port());
                               test.send(Address::local_of(listener.get()).port());
                               answer(udp, tcp_accept(listener));
                           }),
      client_(pair.a.ns, [&, udp_port = server_.receive<std::uint16_t>(),
                          tcp_port = server_.receive<std::uint16_t>()](Channel& test) {
          const Fd connection = tcp_connected(pair.b.at(family, tcp_port));
          Fd udp;
          for (unsigned round = 0; !test.ready(1); round++) {
              stay_on(processor);
              if (round % rounds_of_a_socket == 0)
                  udp = udp_connected(pair.b.at(family, udp_port));
              send_connected(udp, size);
              write_stream(connection, size);
              read_stream(connection, size);
              drain(udp);
              std::this_thread::sleep_for(milliseconds(2));
          }
          test.wait();
          test.signal();
          test.wait();
      }) {}

void Stream::await_more() const {
    const auto before = pair_.a.carried();
    const auto more = [&] {
        const auto now = pair_.a.carried() - before;
        return now.out.packets > 20 && now.in.packets > 20;
    };
    if (!eventually(more))
        throw std::runtime_error("traffic does not go on");
}

void Stream::end() {
    client_.step();
}

} // namespace guest
