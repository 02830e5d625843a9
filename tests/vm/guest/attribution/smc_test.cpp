// SPDX-License-Identifier: GPL-2.0-only
// AF_SMC where no device for it is there: after its handshake a connection is one of TCP, by a
// socket that the kernel made, on which the program sends and receives. The handshake is the
// kernel's, the rest the program's.
#include "lib/guest_test.h"

#include <netinet/tcp.h>
#include <sys/time.h>
#include <thread>

#include "lib/command.h"
#include "lib/threads.h"

using namespace guest;

namespace {

constexpr int smc_v4 = 0; // SMCPROTO_SMC
constexpr int smc_v6 = 1; // SMCPROTO_SMC6
constexpr std::uint16_t port = 5000;
constexpr std::size_t request = 50000;
constexpr std::size_t response = 20000;
constexpr unsigned rounds = 3;

class Smc : public FamilyTest {
protected:
    void SetUp() override {
        FamilyTest::SetUp();
        try {
            run({"modprobe", "smc"});
        } catch (const std::exception&) {
            GTEST_SKIP() << "no SMC in this kernel";
        }
    }

    Fd socket_of(bool smc) const {
        const int kind = smc ? AF_SMC : domain(family());
        const int protocol = !smc ? 0 : family() == Family::v4 ? smc_v4 : smc_v6;
        Fd fd(check(::socket(kind, SOCK_STREAM | SOCK_CLOEXEC, protocol), "socket"));
        const timeval limit{patience.count() / 1000, 0};
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        return fd;
    }

    // Serves one connection: a step to accept it, one to talk, one to end.
    Helper server(bool smc) const {
        return {pair_.b.ns, [this, smc](Channel& test) {
                    const Fd listener = socket_of(smc);
                    const auto at = pair_.b.at(family(), port);
                    set_option(listener, SOL_SOCKET, SO_REUSEADDR, 1);
                    check(::bind(listener.get(), at.get(), at.size()), "bind");
                    check(::listen(listener.get(), 8), "listen");
                    test.signal();
                    Fd connection(
                        check(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
                    test.signal();
                    for (unsigned i = 0; i < rounds; i++) {
                        read_stream(connection, request);
                        write_stream(connection, response);
                    }
                    read_to_end(connection);
                    connection.close();
                    test.signal();
                    test.wait();
                }};
    }

    Helper client(bool smc, bool by_threads = false) const {
        return {pair_.a.ns, [this, smc, by_threads](Channel& test) {
                    Fd connection = socket_of(smc);
                    const auto to = pair_.b.at(family(), port);
                    check(::connect(connection.get(), to.get(), to.size()), "connect");
                    test.signal();
                    test.wait();
                    const auto round = [&] {
                        write_stream(connection, request);
                        read_stream(connection, response);
                    };
                    round();
                    test.signal();
                    test.wait();
                    if (by_threads) {
                        std::thread other([&] {
                            test.send(own_tid());
                            round();
                            test.signal();
                            test.wait();
                        });
                        other.join();
                    } else {
                        round();
                    }
                    round();
                    end(connection, by_threads);
                    test.signal();
                    test.wait();
                }};
    }

    // By another thread, that only closes it, or so that the socket sees its end.
    static void end(Fd& connection, bool by_thread) {
        if (by_thread) {
            std::thread([&] { connection.close(); }).join();
            return;
        }
        finish_writing(connection);
        read_to_end(connection);
    }

    // Waits until nothing moves any more: acknowledgements are delayed.
    Traffic settled() const {
        Traffic last;
        eventually([&] {
            last = pair_.a.carried();
            std::this_thread::sleep_for(milliseconds(400));
            return pair_.a.carried() == last;
        });
        return last;
    }
    static Traffic mirrored(const Traffic& t) { return {t.in, t.out}; }
    static Counters kernel() { return module::counters("kernel"); }

    const Pair pair_;
};

} // namespace

BOTH_FAMILIES(Smc);

TEST_P(Smc, ConnectsToTcp) {
    const auto kernel_before = kernel();
    const auto before = pair_.a.carried();
    Helper serving = server(false);
    serving.wait();
    Helper asking = client(true);
    asking.wait();
    serving.wait();
    const auto connected = settled();
    const auto handshake = connected - before;
    compare("packets of the handshake", std::uint64_t{3},
            handshake.out.packets + handshake.in.packets);
    compare_soon("handshake, kernel", tcp(handshake), [&] { return kernel() - kernel_before; });
    asking.step();
    asking.step();
    serving.wait();
    const auto carried = [&] { return tcp(pair_.a.carried() - connected); };
    compare_settled("client", carried, [&] { return ctl.process_counters(asking.pid()); });
    compare_settled("client, thread", carried, [&] { return ctl.thread_counters(asking.pid()); });
    compare_soon("kernel all in all", tcp(handshake), [&] { return kernel() - kernel_before; });
}

TEST_P(Smc, AcceptsFromTcp) {
    const auto kernel_before = kernel();
    const auto before = pair_.a.carried();
    Helper serving = server(true);
    serving.wait();
    Helper asking = client(false);
    asking.wait();
    serving.wait();
    const auto connected = settled();
    const auto handshake = mirrored(connected - before);
    compare_soon("handshake, kernel", tcp(handshake), [&] { return kernel() - kernel_before; });
    asking.step();
    asking.step();
    serving.wait();
    const auto carried = [&] { return tcp(mirrored(pair_.a.carried() - connected)); };
    compare_settled("server", carried, [&] { return ctl.process_counters(serving.pid()); });
    compare_settled("server, thread", carried, [&] { return ctl.thread_counters(serving.pid()); });
    compare_soon("kernel all in all", tcp(handshake), [&] { return kernel() - kernel_before; });
}

// Each says first that it has no device.
TEST_P(Smc, ConnectsToSmc) {
    const auto kernel_before = kernel();
    const auto before = pair_.a.carried();
    Helper serving = server(true);
    serving.wait();
    Helper asking = client(true);
    asking.wait();
    serving.wait();
    const auto connected = settled();
    // The answer to the last packet of the handshake can come when the connection is one of TCP.
    const auto client_before = ctl.process_counters(asking.pid());
    const auto server_before = ctl.process_counters(serving.pid());
    const auto handshake = connected - before;
    compare_soon("handshake", tcp(handshake + mirrored(handshake)), [&] {
        return kernel() - kernel_before + ctl.process_counters(asking.pid()) +
               ctl.process_counters(serving.pid());
    });
    EXPECT_LE(client_before.tcp.out.packets + server_before.tcp.in.packets, 1U);
    EXPECT_LE(client_before.tcp.in.packets + server_before.tcp.out.packets, 1U);
    asking.step();
    asking.step();
    serving.wait();
    const auto carried = [&] { return pair_.a.carried() - connected; };
    compare_settled(
        "client", [&] { return client_before + tcp(carried()); },
        [&] { return ctl.process_counters(asking.pid()); });
    compare_settled(
        "server", [&] { return server_before + tcp(mirrored(carried())); },
        [&] { return ctl.process_counters(serving.pid()); });
}

// Whoever sends on it owns it, as with any connection.
TEST_P(Smc, GoesFromThreadToThread) {
    Helper serving = server(false);
    serving.wait();
    Helper asking = client(true, true);
    asking.wait();
    serving.wait();
    const auto start = settled();
    const auto nosocket = [] { return module::counters("nosocket"); };
    const auto nosocket_before = nosocket();
    asking.step();
    const auto first = settled();
    asking.signal();
    const auto tid = asking.receive<pid_t>();
    asking.wait();
    const auto second = settled();
    expect_thread("first", asking.pid(), tcp(first - start));
    expect_thread("second", tid, tcp(second - first));
    asking.signal(); // the other thread ends
    asking.wait();
    serving.wait();
    // What comes for a connection in TIME_WAIT has no socket.
    compare_settled(
        "client", [&] { return tcp(pair_.a.carried() - start); },
        [&] { return ctl.process_counters(asking.pid()) + (nosocket() - nosocket_before); });
    compare_settled(
        "first again", [&] { return ctl.process_counters(asking.pid()) - tcp(second - first); },
        [&] { return ctl.thread_counters(asking.pid()); });
}
