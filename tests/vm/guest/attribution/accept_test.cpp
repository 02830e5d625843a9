// SPDX-License-Identifier: GPL-2.0-only
// Accepted connections: the handshake is the listener's, the rest is whoever serves it.
#include "lib/guest_test.h"

using namespace guest;

namespace {

class Accepted : public FamilyTest {
protected:
    Pair& pair_ = standard_pair();
    Traffic before_ = pair_.b.carried();

    Traffic carried() const { return pair_.b.carried() - before_; }
    // All that b carried, less so many handshakes.
    Counters beyond_handshakes(unsigned count) const {
        auto rest = carried();
        for (; count > 0; count--)
            rest = rest - accepted_handshake(family());
        return tcp(rest);
    }
    // Connects and waits for a first byte before it sends: the server's side moves first.
    Helper patient_client(std::uint16_t port) {
        return {pair_.a.ns, [=](Channel& test) {
                    const Fd connection = tcp_connected(pair_.b.at(family(), port));
                    test.signal();
                    read_stream(connection, 1);
                    write_stream(connection, 3000);
                    read_stream(connection, 2000);
                    test.signal();
                    test.wait();
                }};
    }
    static void serve(const Fd& connection) {
        write_stream(connection, 1);
        read_stream(connection, 3000);
        write_stream(connection, 2000);
    }
};

} // namespace

BOTH_FAMILIES(Accepted);

TEST_P(Accepted, HandshakeBelongsToTheListener) {
    Helper server(pair_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(family()));
        test.send(Address::local_of(listener.get()).port());
        test.wait();
        const Fd connection = tcp_accept(listener);
        read_stream(connection, 100);
        test.signal();
        test.wait();
    });
    const auto waiting = module::counters("waiting");
    const auto port = server.receive<std::uint16_t>();
    Helper client(pair_.a.ns, [&](Channel& test) {
        const Fd connection = tcp_connected(pair_.b.at(family(), port));
        test.signal();
        test.wait();
        write_stream(connection, 100);
        test.signal();
        test.wait();
    });
    client.wait();
    expect_process("listener after the handshake", server.pid(), tcp(accepted_handshake(family())));
    client.step();
    // Data for a connection that nobody has accepted belongs to nobody yet.
    compare_settled(
        "waiting before accept()", [&] { return beyond_handshakes(1); },
        [&] { return module::counters("waiting") - waiting; });
    expect_process("listener before accept()", server.pid(), tcp(accepted_handshake(family())));
    server.step();
    compare_settled(
        "server after accept()", [&] { return tcp(carried()); },
        [&] { return ctl.process_counters(server.pid()); });
}

TEST_P(Accepted, ServedByAForkedChild) {
    Helper server(pair_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(family()));
        test.send(Address::local_of(listener.get()).port());
        Fd connection = tcp_accept(listener);
        const Helper child(nullptr, [&](Channel& stay) {
            serve(connection);
            stay.wait();
        });
        connection.close();
        test.send(child.pid());
        test.wait();
    });
    Helper client = patient_client(server.receive<std::uint16_t>());
    const auto child = server.receive<pid_t>();
    client.wait();
    client.wait();
    compare_settled(
        "child", [&] { return beyond_handshakes(1); }, [&] { return ctl.process_counters(child); });
    expect_process("parent", server.pid(), tcp(accepted_handshake(family())));
}

TEST_P(Accepted, PreforkedWorkersShareOneListener) {
    constexpr unsigned workers = 2;
    Helper parent(pair_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(family()));
        test.send(Address::local_of(listener.get()).port());
        std::vector<Helper> children;
        for (unsigned i = 0; i < workers; i++) {
            children.emplace_back(nullptr, [&](Channel& stay) {
                const Fd connection = tcp_accept(listener);
                serve(connection);
                stay.wait();
            });
            test.send(children.back().pid());
        }
        test.wait();
    });
    const auto port = parent.receive<std::uint16_t>();
    const pid_t children[workers] = {parent.receive<pid_t>(), parent.receive<pid_t>()};
    std::vector<Helper> clients;
    for (unsigned i = 0; i < workers; i++) {
        clients.push_back(patient_client(port));
        clients.back().wait();
        clients.back().wait();
    }
    compare_settled(
        "workers", [&] { return beyond_handshakes(workers); },
        [&] { return ctl.process_counters(children[0]) + ctl.process_counters(children[1]); });
    for (const auto child : children)
        EXPECT_GT(ctl.process_counters(child).tcp.in.bytes, 3000U) << "a worker served nothing";
    // All hold the listener; the oldest process is its owner.
    auto handshakes = accepted_handshake(family());
    handshakes = handshakes + handshakes;
    expect_process("parent", parent.pid(), tcp(handshakes));
}
