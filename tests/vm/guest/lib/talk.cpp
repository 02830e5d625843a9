// SPDX-License-Identifier: GPL-2.0-only
#include "lib/talk.h"

namespace guest {

namespace {

void serve(Channel& channel, const Address& at, const TcpTalk& talk) {
    const Fd listener = tcp_listener(at.with_port(0), false, talk.protocol);
    channel.send(Address::local_of(listener.get()).port());
    const Fd connection = tcp_accept(listener);
    for (unsigned i = 0; i < talk.rounds; i++) {
        read_stream(connection, talk.request);
        write_stream(connection, talk.response);
    }
    read_to_end(connection);
    finish_writing(connection);
    channel.signal();
    channel.wait(); // until the client has seen the end, too
    channel.send(talk.protocol ? TcpTally{} : tally(connection));
    channel.wait();
}

void request(Channel& channel, const Address& server, const TcpTalk& talk) {
    const Address to = server.with_port(channel.receive<std::uint16_t>());
    const Fd connection = tcp_connected(to, talk.protocol);
    for (unsigned i = 0; i < talk.rounds; i++) {
        write_stream(connection, talk.request);
        read_stream(connection, talk.response);
    }
    finish_writing(connection);
    read_to_end(connection);
    channel.signal();
    channel.wait();
    channel.send(talk.protocol ? TcpTally{} : tally(connection));
    channel.wait();
}

} // namespace

TcpParties::TcpParties(const Namespace& client_ns, const Namespace& server_ns,
                       const Address& server_address, const TcpTalk& talk)
    : server(server_ns, [&](Channel& channel) { serve(channel, server_address, talk); }),
      client(client_ns, [&](Channel& channel) { request(channel, server_address, talk); }) {}

void TcpParties::run() {
    client.send(server.receive<std::uint16_t>());
    client.wait();
    server.wait();
    client.signal();
    server.signal();
    client_tally = client.receive<TcpTally>();
    server_tally = server.receive<TcpTally>();
}

Helper sink(const Namespace& ns, const Address& at) {
    return {ns, [at](Channel& test) {
                const Fd socket = udp_bound(at);
                test.signal();
                test.wait();
            }};
}

UdpParties::UdpParties(const Namespace& sender_ns, const Namespace& receiver_ns,
                       const Address& receiver_address)
    : receiver(receiver_ns,
               [&](Channel& channel) {
                   const Fd socket = udp_bound(receiver_address.with_port(0));
                   channel.send(Address::local_of(socket.get()).port());
                   channel.wait();
               }),
      sender(sender_ns, [&, port = receiver.receive<std::uint16_t>()](Channel& channel) {
          run_sender(channel, receiver_address.with_port(port));
      }) {}

void UdpParties::run_sender(Channel& channel, Address to) {
    const Fd socket = udp_socket(to.family());
    for (;;) {
        const auto order = channel.receive<Order>();
        send_to(socket, to, order.size, order.times);
        channel.signal();
    }
}

void UdpParties::start(std::size_t size, unsigned times) {
    sender.send(Order{size, times});
}

void UdpParties::send(std::size_t size, unsigned times) {
    start(size, times);
    finish();
}

void UdpParties::send(const std::vector<std::size_t>& sizes) {
    for (const auto size : sizes)
        send(size);
}

} // namespace guest
