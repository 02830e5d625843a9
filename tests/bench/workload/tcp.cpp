// TCP, both ends of each connection in one thread.
#include "uapi/netatop.h"
#include "workload.h"

#include <array>
#include <cerrno>

namespace {

// Connections to one listener: few enough that finding a free port stays cheap.
constexpr size_t CONNECTIONS_PER_LISTENER = 1000;

struct Connection {
    Fd client;
    Fd server;
};

Connection make_connection(const Path& path, const Fd& listening, const Address& address) {
    Fd client = open_socket(path.client, SOCK_STREAM);
    connect_to(client, address);
    Fd server = accept_from(listening);
    reset_on_close(client);
    reset_on_close(server);
    return {std::move(client), std::move(server)};
}

// Request and response on each of many connections in turn. The connections live on in the next
// workload of the same path, which has more of them, and while other modules are measured.
class RoundTrips : public Workload {
public:
    RoundTrips(const Path& path, std::shared_ptr<std::vector<Connection>> pool, size_t connections)
        : pool_(std::move(pool)) {
        while (pool_->size() < connections) {
            const Fd listening = listener(path.server);
            const Address address = name_of(listening);
            do {
                pool_->push_back(make_connection(path, listening, address));
                send_all(pool_->back().server, MESSAGE);
                receive_all(pool_->back().client, MESSAGE);
            } while (pool_->size() < connections && pool_->size() % CONNECTIONS_PER_LISTENER);
        }
    }

    // A module that was loaded just now gets to know every connection.
    void prepare() override {
        for (const Connection& now : *pool_) {
            send_all(now.client, MESSAGE);
            receive_all(now.server, MESSAGE);
        }
    }

    void run(long operations) override {
        for (long i = 0; i < operations; i++) {
            const Connection& now = (*pool_)[next_];
            send_all(now.client, MESSAGE);
            receive_all(now.server, MESSAGE);
            send_all(now.server, MESSAGE);
            receive_all(now.client, MESSAGE);
            if (++next_ == pool_->size())
                next_ = 0;
        }
    }

private:
    std::shared_ptr<std::vector<Connection>> pool_;
    size_t next_ = 0;
};

// Connect, accept, one request, close by reset. A module also collects what it kept.
class Connects : public Workload {
public:
    explicit Connects(const Path& path)
        : path_(path), listening_(listener(path.server)), address_(name_of(listening_)),
          control_(open_socket({"", "127.0.0.1"}, SOCK_DGRAM)) {}

    void run(long operations) override {
        for (long i = 0; i < operations; i++) {
            const Connection now = make_connection(path_, listening_, address_);
            send_all(now.client, MESSAGE);
            receive_all(now.server, MESSAGE);
        }
        ::getsockopt(control_.get(), SOL_IP, NETATOP_FORCE_GC, nullptr, nullptr);
    }

private:
    Path path_;
    Fd listening_;
    Address address_;
    Fd control_;
};

// 64 KB through one connection.
class Bulk : public Workload {
public:
    explicit Bulk(const Path& path) {
        const Fd listening = listener(path.server);
        connection_ = make_connection(path, listening, name_of(listening));
    }

    void run(long operations) override {
        static std::array<char, 65536> buffer;

        for (long i = 0; i < operations; i++) {
            size_t sent = 0, received = 0;
            while (received < buffer.size()) {
                sent += transferred(::send(connection_.client.get(), buffer.data(),
                                           buffer.size() - sent, MSG_DONTWAIT));
                received += transferred(
                    ::recv(connection_.server.get(), buffer.data(), buffer.size(), MSG_DONTWAIT));
            }
        }
    }

private:
    static size_t transferred(ssize_t result) {
        if (result >= 0)
            return static_cast<size_t>(result);
        if (errno != EAGAIN)
            fail("bulk");
        return 0;
    }

    Connection connection_;
};

} // namespace

std::vector<Recipe> tcp_recipes(const Path& path) {
    // In turn takes the lead's time to become what it stays: the acknowledgement that a response is
    // waiting for is sent after 40 ms, or with the next request.
    struct Size {
        size_t connections;
        long lead;
        long operations;
        int repetitions;
    };
    const auto pool = std::make_shared<std::vector<Connection>>();
    std::vector<Recipe> recipes;

    recipes.push_back(
        {"tcp-connect", 300, 500, 2, [path] { return std::make_unique<Connects>(path); }});
    recipes.push_back({"tcp-bulk", 2, 10, 10, [path] { return std::make_unique<Bulk>(path); }});
    for (const Size& size :
         {Size{1, 10, 80, 10}, Size{1000, 2000, 2000, 2}, Size{5000, 2000, 3000, 2},
          Size{10000, 2000, 3000, 2}, Size{50000, 2000, 3000, 2}})
        recipes.push_back({"tcp-" + std::to_string(size.connections), size.lead, size.operations,
                           size.repetitions,
                           [path, pool, size] {
                               return std::make_unique<RoundTrips>(path, pool, size.connections);
                           },
                           size.connections});
    return recipes;
}
