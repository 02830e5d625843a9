// SPDX-License-Identifier: GPL-2.0-only
#include "workloads.h"

#include "sockets.h"

#include <array>
#include <utility>

namespace netatop::native {

namespace {

constexpr std::size_t bulk_size = 65536;

using Made = Result<std::unique_ptr<Workload>>;

// The server's side of a path: a socket of this machine and its address, or only an address.
struct Server {
    Descriptor socket;
    Address address;
};

Result<Server> server_of(const Path& path, int type, std::uint16_t port) {
    const auto where = Address::parse(path.address, path.remote() ? port : 0);
    if (!where)
        return where.error();
    if (path.remote())
        return Server{Descriptor(), *where};
    const auto inside = Netns::enter(path.server);
    if (!inside)
        return inside.error();
    auto socket = type == SOCK_STREAM ? listening_socket(*where) : bound_socket(*where, type);
    if (!socket)
        return socket.error();
    const auto bound = Address::of(*socket);
    if (!bound)
        return bound.error();
    return Server{std::move(*socket), *bound};
}

// A connection; the end `server` is empty when it is on another machine.
struct Connection {
    Descriptor client;
    Descriptor server;

    // One message there and one back.
    [[nodiscard]] Status round_trip() const {
        auto done = send_message(client);
        if (done && server)
            done = receive_message(server);
        if (done && server)
            done = send_message(server);
        return done ? receive_message(client) : done;
    }
};

Result<Connection> connect_with(const Server& server) {
    auto client = connected_socket(server.address, SOCK_STREAM);
    if (!client)
        return client.error();
    Connection made{std::move(*client), Descriptor()};
    if (server.socket) {
        auto accepted = accepted_socket(server.socket);
        if (!accepted)
            return accepted.error();
        made.server = std::move(*accepted);
        if (auto done = reset_on_close(made.server); !done)
            return done.error();
    }
    if (auto done = reset_on_close(made.client); !done)
        return done.error();
    return made;
}

// Request and response; the server's socket is not connected, as that of most servers.
class UdpRoundTrips : public Workload {
public:
    UdpRoundTrips(Server server, Descriptor client)
        : server_(std::move(server)), client_(std::move(client)) {}

    static Made make(const Path& path, std::uint16_t port) {
        auto server = server_of(path, SOCK_DGRAM, port);
        if (!server)
            return server.error();
        auto client = connected_socket(server->address, SOCK_DGRAM);
        if (!client)
            return client.error();
        return {std::make_unique<UdpRoundTrips>(std::move(*server), std::move(*client))};
    }

    Status run_once() override {
        auto done = send_message(client_);
        if (done && server_.socket)
            done = answer();
        return done ? receive_message(client_) : done;
    }

private:
    [[nodiscard]] Status answer() const {
        std::array<char, message_size> message{};
        sockaddr_storage from{};
        socklen_t length = sizeof(from);
        auto* name = reinterpret_cast<sockaddr*>(&from); // NOLINT: as the interface is
        const int fd = server_.socket.get();
        if (::recvfrom(fd, message.data(), message.size(), 0, name, &length) < 0 ||
            ::sendto(fd, message.data(), message.size(), 0, name, length) < 0)
            return system_error("cannot answer a datagram");
        return Done{};
    }

    Server server_;
    Descriptor client_;
};

// Request and response on one connection.
class TcpRoundTrips : public Workload {
public:
    explicit TcpRoundTrips(Connection connection) : connection_(std::move(connection)) {}

    static Made make(const Path& path, std::uint16_t port) {
        const auto server = server_of(path, SOCK_STREAM, port);
        if (!server)
            return server.error();
        auto connection = connect_with(*server);
        if (!connection)
            return connection.error();
        return {std::make_unique<TcpRoundTrips>(std::move(*connection))};
    }

    Status run_once() override { return connection_.round_trip(); }

private:
    Connection connection_;
};

// 64 KB through one connection.
class TcpBulk : public Workload {
public:
    explicit TcpBulk(Connection connection) : connection_(std::move(connection)) {}

    static Made make(const Path& path, std::uint16_t port) {
        const auto server = server_of(path, SOCK_STREAM, static_cast<std::uint16_t>(port + 1));
        if (!server)
            return server.error();
        auto connection = connect_with(*server);
        if (!connection)
            return connection.error();
        return {std::make_unique<TcpBulk>(std::move(*connection))};
    }

    Status run_once() override { return connection_.server ? through() : away(); }

private:
    // Sends what the buffers take and receives what is there, in turn.
    Status through() {
        std::size_t sent = 0;
        std::size_t received = 0;
        while (received < bulk_size) {
            const ssize_t out = ::send(connection_.client.get(), buffer_.data(), bulk_size - sent,
                                       MSG_DONTWAIT | MSG_NOSIGNAL);
            if (out < 0 && errno != EAGAIN)
                return system_error("cannot send");
            const ssize_t in =
                ::recv(connection_.server.get(), buffer_.data(), bulk_size, MSG_DONTWAIT);
            if (in < 0 && errno != EAGAIN)
                return system_error("cannot receive");
            sent += static_cast<std::size_t>(out > 0 ? out : 0);
            received += static_cast<std::size_t>(in > 0 ? in : 0);
        }
        return Done{};
    }

    Status away() {
        for (std::size_t sent = 0; sent < bulk_size;) {
            const ssize_t out =
                ::send(connection_.client.get(), buffer_.data(), bulk_size - sent, MSG_NOSIGNAL);
            if (out <= 0)
                return system_error("cannot send");
            sent += static_cast<std::size_t>(out);
        }
        return Done{};
    }

    Connection connection_;
    std::array<char, bulk_size> buffer_{};
};

// Connect, accept, one request, one response, close by reset.
class TcpConnects : public Workload {
public:
    explicit TcpConnects(Server server) : server_(std::move(server)) {}

    static Made make(const Path& path, std::uint16_t port) {
        auto server = server_of(path, SOCK_STREAM, port);
        if (!server)
            return server.error();
        return {std::make_unique<TcpConnects>(std::move(*server))};
    }

    Status run_once() override {
        const auto connection = connect_with(server_);
        return connection ? connection->round_trip() : Status(connection.error());
    }

private:
    Server server_;
};

struct Recipe {
    std::string name;
    Made (*make)(const Path& path, std::uint16_t port);
};

const std::vector<Recipe>& recipes() {
    static const std::vector<Recipe> all{{"udp-rr", UdpRoundTrips::make},
                                         {"tcp-rr", TcpRoundTrips::make},
                                         {"tcp-bulk", TcpBulk::make},
                                         {"tcp-connect", TcpConnects::make}};
    return all;
}

} // namespace

const std::vector<std::string>& workload_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const Recipe& recipe : recipes())
            all.push_back(recipe.name);
        return all;
    }();
    return names;
}

Made make_workload(const std::string& name, const Path& path, std::uint16_t port) {
    for (const Recipe& recipe : recipes())
        if (recipe.name == name)
            return recipe.make(path, port);
    return Error{"no workload " + name, Cause::usage};
}

} // namespace netatop::native
