// One datagram, sent and received by one thread.
#include "workload.h"

namespace {

// Sends back to whoever it came from.
void answer_one(const Fd& server) {
    char message[MESSAGE];
    sockaddr_storage from{};
    socklen_t length = sizeof(from);
    auto* name = reinterpret_cast<sockaddr*>(&from);

    if (::recvfrom(server.get(), message, sizeof(message), 0, name, &length) != sizeof(message))
        fail("recvfrom");
    if (::sendto(server.get(), message, sizeof(message), 0, name, length) != sizeof(message))
        fail("sendto");
}

class Udp : public Workload {
public:
    Udp(const Path& path, bool connected)
        : connected_(connected), from_(bound_socket(path.client, SOCK_DGRAM)),
          to_(bound_socket(path.server, SOCK_DGRAM)), address_(name_of(to_)) {
        if (connected) {
            connect_to(from_, address_);
            connect_to(to_, name_of(from_));
        }
    }

    void run(long operations) override {
        const char message[MESSAGE] = {};

        for (long i = 0; i < operations; i++) {
            if (::sendto(from_.get(), message, sizeof(message), 0,
                         connected_ ? nullptr : address_.get(),
                         connected_ ? 0 : address_.length) != sizeof(message))
                fail("sendto");
            receive_all(to_, sizeof(message));
        }
    }

private:
    bool connected_;
    Fd from_;
    Fd to_;
    Address address_;
};

constexpr size_t CLIENTS = 1000;

// A server with one socket that is not connected answers many clients in turn.
class UdpServer : public Workload {
public:
    UdpServer(const Path& path, size_t clients) : server_(bound_socket(path.server, SOCK_DGRAM)) {
        while (clients_.size() < clients) {
            clients_.push_back(open_socket(path.client, SOCK_DGRAM));
            connect_to(clients_.back(), name_of(server_));
        }
    }

    void prepare() override { run(static_cast<long>(clients_.size())); }

    void run(long operations) override {
        for (long i = 0; i < operations; i++) {
            const Fd& client = clients_[next_++ % clients_.size()];
            send_all(client, MESSAGE);
            answer_one(server_);
            receive_all(client, MESSAGE);
        }
    }

private:
    Fd server_;
    std::vector<Fd> clients_;
    size_t next_ = 0;
};

// A client takes a new socket for each query, as resolvers do.
class UdpQueries : public Workload {
public:
    explicit UdpQueries(const Path& path)
        : path_(path), server_(bound_socket(path.server, SOCK_DGRAM)), address_(name_of(server_)) {}

    void run(long operations) override {
        for (long i = 0; i < operations; i++) {
            const Fd client = open_socket(path_.client, SOCK_DGRAM);
            connect_to(client, address_);
            send_all(client, MESSAGE);
            answer_one(server_);
            receive_all(client, MESSAGE);
        }
    }

private:
    Path path_;
    Fd server_;
    Address address_;
};

} // namespace

std::vector<Recipe> udp_recipes(const Path& path) {
    return {
        {"udp-server", 1000, 1000, 4,
         [path] { return std::make_unique<UdpServer>(path, CLIENTS); }},
        {"udp-query", 100, 500, 4, [path] { return std::make_unique<UdpQueries>(path); }},
        {"udp", 10, 200, 10, [path] { return std::make_unique<Udp>(path, false); }},
        {"udp-connected", 10, 200, 10, [path] { return std::make_unique<Udp>(path, true); }},
    };
}
