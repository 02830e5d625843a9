// TCP, both ends of each connection in one thread.
#include "uapi/netatop.h"
#include "workload.h"

#include <array>
#include <cerrno>
#include <random>

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

using Pool = std::vector<Connection>;

// Makes connections until there are so many, each used once.
void fill(Pool& pool, const Path& path, size_t connections) {
    while (pool.size() < connections) {
        const Fd listening = listener(path.server);
        const Address address = name_of(listening);
        do {
            pool.push_back(make_connection(path, listening, address));
            send_all(pool.back().server, MESSAGE);
            receive_all(pool.back().client, MESSAGE);
        } while (pool.size() < connections && pool.size() % CONNECTIONS_PER_LISTENER);
    }
}

// A module that was loaded just now gets to know every connection.
void use(const Pool& pool) {
    for (const Connection& now : pool) {
        send_all(now.client, MESSAGE);
        receive_all(now.server, MESSAGE);
    }
}

// Request and response on each of many connections, in turn or at random. The connections live on
// in the next workload of the same path, which has more of them, and while other modules are
// measured.
class RoundTrips : public Workload {
public:
    enum class Order { TURN, RANDOM };

    RoundTrips(const Path& path, std::shared_ptr<Pool> pool, size_t connections, Order order)
        : pool_(std::move(pool)), order_(order) {
        fill(*pool_, path, connections);
    }

    void prepare() override { use(*pool_); }

    void run(long operations) override {
        for (long i = 0; i < operations; i++) {
            const Connection& now = (*pool_)[next_];
            send_all(now.client, MESSAGE);
            receive_all(now.server, MESSAGE);
            send_all(now.server, MESSAGE);
            receive_all(now.client, MESSAGE);
            next_ = (order_ == Order::TURN ? next_ + 1 : random_()) % pool_->size();
        }
    }

private:
    std::shared_ptr<Pool> pool_;
    Order order_;
    size_t next_ = 0;
    std::minstd_rand random_; // the same numbers for each module
};

// Connect, accept, one request, close by reset; while others are at rest. A module is also asked to
// collect what it kept.
class Connects : public Workload {
public:
    Connects(const Path& path, std::shared_ptr<Pool> others, size_t connections)
        : path_(path), listening_(listener(path.server)), address_(name_of(listening_)),
          control_(open_socket({"", "127.0.0.1"}, SOCK_DGRAM)), others_(std::move(others)) {
        fill(*others_, path, connections);
    }

    void prepare() override { use(*others_); }

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
    std::shared_ptr<Pool> others_;
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
    const auto pool = std::make_shared<Pool>();
    std::vector<Recipe> recipes;

    const auto connects = [&](const std::string& name, size_t others) {
        recipes.push_back(
            {name, 300, 500, 2,
             [path, pool, others] { return std::make_unique<Connects>(path, pool, others); },
             others});
    };
    const auto round_trips = [&](const std::string& name, const Size& size,
                                 RoundTrips::Order order) {
        recipes.push_back({name, size.lead, size.operations, size.repetitions,
                           [path, pool, size, order] {
                               return std::make_unique<RoundTrips>(path, pool, size.connections,
                                                                   order);
                           },
                           size.connections});
    };
    connects("tcp-connect", 0);
    recipes.push_back({"tcp-bulk", 2, 10, 10, [path] { return std::make_unique<Bulk>(path); }});
    for (const Size& size :
         {Size{1, 10, 80, 10}, Size{1000, 2000, 2000, 2}, Size{5000, 2000, 3000, 2},
          Size{10000, 2000, 3000, 2}, Size{50000, 2000, 3000, 2}})
        round_trips("tcp-" + std::to_string(size.connections), size, RoundTrips::Order::TURN);
    // With so many the caches of a processor hold next to nothing of a connection.
    for (const size_t connections : {50000, 500000}) {
        round_trips("tcp-random-" + std::to_string(connections), Size{connections, 4000, 4000, 2},
                    RoundTrips::Order::RANDOM);
        connects("tcp-connect-" + std::to_string(connections), connections);
    }
    return recipes;
}
