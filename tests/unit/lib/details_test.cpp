// SPDX-License-Identifier: GPL-2.0-only
// What is known of one row: its facts, and which connections are its own.
#include "details.h"

#include "detail_lines.h"
#include "fake_kernel.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "live_lines.h"

namespace netatop::test {

namespace {

Bytes socket_message(std::uint64_t cookie, std::uint32_t tgid, std::uint64_t first) {
    return generic(NETATOP_CMD_SOCK,
                   attribute(NETATOP_A_COOKIE, raw(cookie)) +
                       attribute(NETATOP_A_PROTOCOL, raw(std::uint32_t{IPPROTO_TCP})) +
                       attribute(NETATOP_A_FAMILY, raw(std::uint32_t{AF_INET})) +
                       attribute(NETATOP_A_NETNS, raw(std::uint32_t{1})) +
                       attribute(NETATOP_A_TGID, raw(tgid)) + counters(first));
}

std::string fact(const Details& details, const std::string& name) {
    for (const auto& [known, value] : details.facts)
        if (known == name)
            return value;
    return {};
}

} // namespace

TEST(CommandLine, OfAProcess) {
    std::ifstream file("/proc/self/cmdline");
    std::string first;
    std::getline(file, first, '\0');
    ASSERT_NE(first, "");
    EXPECT_EQ(command_line(std::to_string(::getpid())).substr(0, first.size()), first);
    EXPECT_EQ(command_line("0"), "");
    const auto directory = ::testing::TempDir() + "/details-proc";
    ASSERT_EQ(std::system(("mkdir -p " + directory + "/12").c_str()), 0);
    std::ofstream(directory + "/12/cmdline")
        << "curl" << '\0' << "-o" << '\0' << '\0' << "x" << '\0';
    EXPECT_EQ(command_line("12", directory), "curl -o  x");
}

TEST(Details, FactsAreWhatTheColumnsSay) {
    auto of = line(7, "curl", {}, {});
    of.who[2] = std::string("curl");
    of.who[3] = std::uint64_t{86400};
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    const Details details{facts_of(Kind::processes, of, "curl -o x"), {}, {}};
    EXPECT_EQ(fact(details, "pid"), "7");
    EXPECT_EQ(fact(details, "name"), "curl");
    EXPECT_EQ(fact(details, "started"), "1970-01-02 00:00:00 +0000");
    EXPECT_EQ(fact(details, "command"), "curl -o x");
    EXPECT_EQ(details.facts.size(), 4U) << "and nothing that is not known";
}

TEST(Details, WhoseConnectionsTheyAre) {
    Identities identities;
    Connection connection;
    connection.socket.tgid = 7;
    connection.socket.cookie = 5;
    connection.endpoints.remote = {"10.0.0.2", 443};
    EXPECT_TRUE(belongs(connection, Kind::processes, line(7, "", {}, {}), identities));
    EXPECT_FALSE(belongs(connection, Kind::trees, line(8, "", {}, {}), identities));
    Line remote;
    remote.who = {std::string("10.0.0.2"), std::uint64_t{1}};
    EXPECT_TRUE(belongs(connection, Kind::remotes, remote, identities));
    remote.who[0] = std::string("10.0.0.3");
    EXPECT_FALSE(belongs(connection, Kind::remotes, remote, identities));
    const auto lines = connection_lines({connection}, identities);
    EXPECT_TRUE(belongs(connection, Kind::connections, lines.at(0), identities));
    connection.socket.cookie = 6;
    EXPECT_FALSE(belongs(connection, Kind::connections, lines.at(0), identities));
    Line no_unit; // of tasks that are in none
    no_unit.who.resize(columns_of(Kind::units).size());
    connection.owner = Task();
    EXPECT_TRUE(belongs(connection, Kind::units, no_unit, identities));
    no_unit.who[0] = std::string("nginx.service");
    EXPECT_FALSE(belongs(connection, Kind::units, no_unit, identities));
}

TEST(Details, WhatIsBelowAUnitOrASlice) {
    const auto root = ::testing::TempDir() + "/details-cgroups";
    const std::string path = "/user.slice/user-7.slice/user@7.service/app.slice/a.service";
    ASSERT_EQ(std::system(("mkdir -p " + root + path).c_str()), 0);
    struct stat status {};
    ASSERT_EQ(::stat((root + path).c_str(), &status), 0);
    Identities identities{Cgroups(root)};
    Connection connection;
    connection.owner = Task();
    connection.owner->cgroup = status.st_ino;
    const auto is_below = [&](const char* unit, const char* slice) {
        Line line;
        line.who = {text_or_null(unit), text_or_null(slice), std::uint64_t{1}};
        return belongs(connection, Kind::unit_trees, line, identities);
    };
    EXPECT_TRUE(is_below("user@7.service/a.service", "user-7.slice"));
    EXPECT_TRUE(is_below("user@7.service", "user-7.slice"));
    EXPECT_TRUE(is_below("", "user-7.slice"));
    EXPECT_TRUE(is_below("", "user.slice"));
    EXPECT_FALSE(is_below("user@7.service/b.service", "user-7.slice"));
    EXPECT_FALSE(is_below("", "user-77.slice"));
    EXPECT_FALSE(is_below("", "system.slice"));
}

TEST(Details, OfARowThatLives) {
    FakeKernel kernel;
    auto reader = DetailsReader::make(kernel.connect());
    ASSERT_TRUE(reader);
    const auto own = static_cast<std::uint32_t>(::getpid());
    const auto row = line(own, "tests", {}, {});
    for (const bool again : {false, true}) {
        kernel.script({family()});
        kernel.script({socket_message(1, own, 10) + socket_message(2, own, 500) +
                       socket_message(3, own + 1, 900) + done()});
        kernel.script({task(own) + done()});
        const auto details = reader->read(Kind::processes, row);
        ASSERT_TRUE(details) << details.error().text;
        ASSERT_EQ(details->connections.size(), 2U) << "its own";
        EXPECT_EQ(details->connections[0].socket.cookie, 2U) << "what carried most is first";
        EXPECT_EQ(fact(*details, "command"), again ? command_line(std::to_string(own)) : "");
        pollfd news{reader->commands().fd(), POLLIN, 0};
        ASSERT_EQ(::poll(&news, 1, again ? 0 : 5000), again ? 0 : 1);
        reader->commands().settle();
    }
    auto ended = row;
    ended.who[0] = Milliseconds{1};
    const auto details = reader->read(Kind::processes, ended); // and nobody is asked
    ASSERT_TRUE(details) << details.error().text;
    EXPECT_TRUE(details->connections.empty());
}

TEST(DetailLines, Milliseconds) {
    EXPECT_EQ(milliseconds(1), "0.001ms");
    EXPECT_EQ(milliseconds(9876), "9.876ms");
    EXPECT_EQ(milliseconds(45'600), "45.6ms");
    EXPECT_EQ(milliseconds(1'234'000), "1234ms");
}

} // namespace netatop::test
