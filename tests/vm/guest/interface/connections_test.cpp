// SPDX-License-Identifier: GPL-2.0-only
// `netatop list connections` and `remotes`: counters of sockets beside the addresses that the
// programs themselves see, in every network namespace.
#include "lib/guest_test.h"

#include <unistd.h>

#include "lib/command.h"
#include "lib/tool.h"
#include "lib/wait.h"

using namespace guest;

namespace {

class Connections : public ToolTest<FamilyTest> {
protected:
    // "10.0.0.2:5000", "[fd00::2]:5000"
    std::string address(const char* v4, const char* v6, std::uint16_t port) const {
        return family() == Family::v4 ? v4 + (":" + std::to_string(port))
                                      : "[" + std::string(v6) + "]:" + std::to_string(port);
    }
    static bool has(const std::string& line, const std::string& name, const std::string& value) {
        return line.find("\"" + name + "\":\"" + value + "\"") != std::string::npos;
    }

    const Pair pair_;
};

} // namespace

BOTH_FAMILIES(Connections);

TEST_P(Connections, OfBothEnds) {
    const auto before = pair_.a.carried();
    Helper server(pair_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(family()));
        test.send(Address::local_of(listener.get()).port());
        const Fd connection = tcp_accept(listener);
        write_stream(connection, read_stream(connection, 5000));
        test.wait();
    });
    const auto port = server.receive<std::uint16_t>();
    Helper client(pair_.a.ns, [&](Channel& test) {
        const Fd connection = tcp_connected(pair_.b.at(family(), port));
        write_stream(connection, 5000);
        read_stream(connection, 5000);
        test.send(Address::local_of(connection.get()).port());
        test.wait();
    });
    const auto own = client.receive<std::uint16_t>();
    const auto here = address("10.0.0.1", "fd00::1", own);
    const auto there = address("10.0.0.2", "fd00::2", port);
    std::string line;
    compare_settled(
        "client's connection", [&] { return tcp(pair_.a.carried() - before); },
        [&] {
            const auto lines =
                listed({"connections", "--json", "--pid", std::to_string(client.pid())});
            line = lines.empty() ? "" : lines[0];
            return lines.size() == 1 ? counters_in(line) : Counters{};
        });
    EXPECT_TRUE(has(line, "local", here)) << line;
    EXPECT_TRUE(has(line, "remote", there)) << line;
    EXPECT_TRUE(has(line, "state", "ESTAB")) << line;
    EXPECT_TRUE(has(line, "protocol", "tcp")) << line;
    compare("its process", static_cast<long long>(client.pid()), number_in(line, "pid"));

    bool accepted = false;
    for (const auto& one : listed({"connections", "--json", "--pid", std::to_string(server.pid())}))
        accepted = accepted || (has(one, "local", there) && has(one, "remote", here));
    EXPECT_TRUE(accepted) << "the server's end is missing";

    const auto remotes = listed({"remotes", "--json", "--pid", std::to_string(client.pid())});
    ASSERT_EQ(remotes.size(), 1U);
    EXPECT_TRUE(has(remotes[0], "remote", family() == Family::v4 ? "10.0.0.2" : "fd00::2"))
        << remotes[0];
    compare("connections to it", 1LL, number_in(remotes[0], "connections"));
}

TEST_P(Connections, Chosen) {
    std::vector<Helper> sinks; // else the second datagram is refused
    for (const std::uint16_t port : {7001, 7002}) {
        sinks.push_back(sink(pair_.b.ns, pair_.b.at(family(), port)));
        sinks.back().wait();
    }
    Helper sockets(pair_.a.ns, [&](Channel& test) {
        std::vector<Fd> all;
        for (const std::uint16_t port : {7001, 7002}) {
            all.push_back(udp_connected(pair_.b.at(family(), port)));
            send_connected(all.back(), 10, 3);
        }
        test.signal();
        test.wait();
    });
    sockets.wait();
    const auto pid = std::to_string(sockets.pid());
    compare("all", std::size_t{2}, listed({"connections", "--json", "--pid", pid}).size());
    const auto lines = listed({"connections", "--json", "--pid", pid, "--port", "7002"});
    ASSERT_EQ(lines.size(), 1U);
    compare("counters", udp_out(datagrams(family(), 3, 10)), counters_in(lines[0]));
    EXPECT_TRUE(has(lines[0], "remote", address("10.0.0.2", "fd00::2", 7002))) << lines[0];
    const std::string pattern = family() == Family::v4 ? "10.0.0.*" : "fd00::*";
    compare("by address", std::size_t{2},
            listed({"connections", "--json", "--pid", pid, "--remote", pattern}).size());
    compare("by another", std::size_t{0},
            listed({"connections", "--json", "--pid", pid, "--remote", "192.168.*"}).size());
    EXPECT_NE(status_of("list --port 1").find("status 2"), std::string::npos);
}
