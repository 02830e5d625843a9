// SPDX-License-Identifier: GPL-2.0-only
// netatop on a terminal, as a person sees and uses it.
#include "lib/guest_test.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <sstream>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cgroups.h"
#include "lib/command.h"
#include "lib/terminal.h"
#include "lib/tool.h"
#include "lib/wait.h"

using namespace guest;

namespace {

constexpr std::size_t size = 20;
constexpr unsigned count = 5;
const std::string screen_back = "\x1b[?1049l"; // what an xterm is told at the end

std::vector<std::string> words_in(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> words;
    for (std::string word; in >> word;)
        words.push_back(word);
    return words;
}

class Live : public ToolTest<GuestTest> {
protected:
    void SetUp() override {
        ToolTest::SetUp();
        sink_.wait();
    }
    // Sends what has fewer bytes than are shown with all digits.
    Helper sender(const std::string& name) {
        Helper helper(pair_.a.ns, [this, name](Channel& test) {
            check(::prctl(PR_SET_NAME, name.c_str()), "prctl");
            const auto socket = udp_socket(Family::v4);
            for (;;) {
                send_to(socket, pair_.b.at(Family::v4, 9), size, count);
                test.signal();
                test.wait();
            }
        });
        helper.wait();
        return helper;
    }
    static std::string bytes(unsigned times = 1) {
        return std::to_string(udp_out(datagrams(Family::v4, times * count, size)).udp.out.bytes);
    }
    static void expect_end(Terminal& terminal) {
        const int status = terminal.finish();
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status << terminal.text();
        EXPECT_NE(terminal.bytes().find(screen_back), std::string::npos) << terminal.text();
    }

    Pair& pair_ = standard_pair();
    Helper sink_ = sink(pair_.b.ns, pair_.b.at(Family::v4, 9));
};

} // namespace

TEST_F(Live, AProgramAndItsBytes) {
    auto helper = sender("live-sender");
    Terminal terminal({tool}, 24, 80);
    ASSERT_NE(terminal.row_with({"PID", "USER", "NAME", "IN/s", "OUT/s", "TOTAL", "SHARE"}), "")
        << terminal.text();
    const auto row = words_in(terminal.row_with({"live-sender"}));
    ASSERT_GE(row.size(), 9U) << terminal.text();
    compare("process", std::to_string(helper.pid()), row[0]);
    compare("user", std::string("root"), row[1]);
    compare("total", bytes(), row[row.size() - 2]);
    helper.step();
    ASSERT_NE(terminal.row_with({"live-sender", bytes(2)}), "") << terminal.text();
    terminal.press("c");
    ASSERT_NE(terminal.row_with({"NAME", " OUT ", "TOTAL"}), "") << terminal.text();
    const auto sums = words_in(terminal.row_with({"live-sender", bytes(2) + "     10"}));
    ASSERT_GE(sums.size(), 9U) << terminal.text();
    compare("received", std::string("0"), sums[sums.size() - 5]);
    compare("sent", bytes(2), sums[sums.size() - 4]);
    terminal.press("q");
    expect_end(terminal);
}

// What was sent in one second is that high at most; it may lie in two of those that are shown.
TEST_F(Live, TheLastMinuteOfARow) {
    auto helper = sender("live-sender");
    Terminal terminal({tool}, 24, 80);
    terminal.press("flive-sender\r");
    ASSERT_NE(terminal.row_with({"s |", "_| most 0/s"}), "") << terminal.text();
    helper.step();
    const auto row = terminal.row_with({"60 s |", "#"});
    ASSERT_NE(row, "") << terminal.text();
    const auto most = row.find("| most ");
    ASSERT_NE(most, std::string::npos) << row;
    const auto sent = std::stoul(bytes());
    const auto shown = std::stoul(row.substr(most + 7));
    EXPECT_LE(shown, sent) << row;
    EXPECT_GE(shown, sent / 2 - 1) << row;
    terminal.press("q");
    expect_end(terminal);
}

// A connection over a way that is long and loses packets, beside what its own socket says of it.
TEST_F(Live, DetailsOfAProgram) {
    const Route route;
    route.impair_back("delay 12ms");
    Helper server(route.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(route.b.at(Family::v4));
        test.send(Address::local_of(listener.get()).port());
        const Fd connection = tcp_accept(listener);
        read_stream(connection, 500);
        write_stream(connection, 1);
        test.wait();
    });
    const auto port = server.receive<std::uint16_t>();
    Helper client(route.a.ns, [&](Channel& test) {
        check(::prctl(PR_SET_NAME, "live-client"), "prctl");
        const Fd connection = tcp_connected(route.b.at(Family::v4, port));
        test.send(Address::local_of(connection.get()).port());
        test.wait();
        write_stream(connection, 500);
        while (tally(connection).retransmitted == 0)
            ::usleep(10'000);
        test.signal();
        read_stream(connection, 1);
        ::usleep(200'000); // until all is acknowledged
        test.send(tally(connection));
        test.wait();
    });
    const auto own = client.receive<std::uint16_t>();
    route.impair_forth("loss 100%");
    client.step();
    route.impair_forth("loss 0%");
    const auto tally = client.receive<TcpTally>();
    ASSERT_GT(tally.retransmitted, 0U);
    ASSERT_GT(tally.rtt_us, 12'000U);

    Terminal terminal({tool}, 24, 100);
    ASSERT_NE(terminal.row_with({"live-client"}), "") << terminal.text();
    terminal.press("flive-client\r\r");
    const auto row = words_in(terminal.row_with({"tcp ", ':' + std::to_string(own) + ' '}));
    ASSERT_EQ(row.size(), 8U) << terminal.text();
    compare("local", "10.0.1.1:" + std::to_string(own), row[1]);
    compare("remote", "10.0.2.1:" + std::to_string(port), row[2]);
    compare("state", std::string("ESTAB"), row[3]);
    std::array<char, 16> rtt{};
    (void)std::snprintf(rtt.data(), rtt.size(), "%.1fms", double(tally.rtt_us) / 1000);
    compare("RTT", std::string(rtt.data()), row[6]);
    compare("retransmitted", std::to_string(tally.retransmitted), row[7]);
    EXPECT_NE(terminal.row_with({"pid ", ' ' + std::to_string(client.pid()) + ' '}), "")
        << terminal.text();
    EXPECT_NE(terminal.row_with({"command ", "netatop-guest-tests"}), "") << terminal.text();
    terminal.press("\x1b");
    EXPECT_NE(terminal.row_with({"NAME", "SHARE"}), "") << terminal.text();
    terminal.press("q");
    expect_end(terminal);
}

TEST_F(Live, AllRowsAreWhatTheModuleCounted) {
    const auto helper = sender("live-sender");
    Terminal terminal({tool, "-d", "0.5"}, 60, 200);
    terminal.press("c");
    ASSERT_NE(terminal.row_with({"since the module was loaded"}), "") << terminal.text();
    const auto sums = words_in(terminal.row(0)); // rows in N out N module in N out N
    ASSERT_EQ(sums.size(), 10U) << terminal.row(0);
    compare("received", sums[7], sums[2]);
    compare("sent", sums[9], sums[4]);
    EXPECT_NE(sums[4], "0");
    terminal.press("q");
    expect_end(terminal);
}

TEST_F(Live, ViewsAndFilters) {
    const auto helper = sender("live-sender");
    Terminal terminal({tool}, 24, 80);
    ASSERT_NE(terminal.row_with({"live-sender"}), "") << terminal.text();
    const std::vector<std::pair<std::string, std::vector<std::string>>> views{
        {"\t", {"TID", "NAME"}},   {"3", {"UNIT", "PROCESSES"}},     {"4", {"CONTAINER", "POD"}},
        {"5", {"REMOTE", "NAME"}}, {"6", {"REMOTE", "CONNECTIONS"}}, {"?", {"this help"}},
        {"x1", {"PID", "NAME"}},
    };
    for (const auto& [keys, heads] : views) {
        terminal.press(keys);
        EXPECT_NE(terminal.row_with(heads), "") << keys << '\n' << terminal.text();
    }
    terminal.press("fLIVE-s\r");
    EXPECT_NE(terminal.row_with({"filter: LIVE-s"}), "") << terminal.text();
    EXPECT_NE(terminal.row(3).find("live-sender"), std::string::npos) << terminal.text();
    EXPECT_EQ(words_in(terminal.row(4)).size(), 0U) << terminal.text();
    terminal.press("p");
    EXPECT_NE(terminal.row_with({"PAUSED"}), "") << terminal.text();
    terminal.press("q");
    expect_end(terminal);
}

// A unit keeps what a process carried that has ended; its slice has what all below it have.
TEST_F(Live, UnitsBelowTheirSlices) {
    const std::string root = "/tmp/cgroup2";
    ::mkdir(root.c_str(), 0755);
    if (::mount("none", root.c_str(), "cgroup2", 0, nullptr) != 0)
        GTEST_SKIP() << "no cgroup2 in this machine";
    {
        const CgroupDirectory slice(root + "/live.slice");
        const CgroupDirectory one(slice.path() + "/one.service");
        const CgroupDirectory two(slice.path() + "/two.service");
        auto brief = sender("live-brief");
        one.take(brief.pid());
        brief.step(); // what came before it was in the root
        brief.kill();
        brief.await_zombie();
        auto other = sender("live-other");
        two.take(other.pid());
        other.step();
        other.step();
        Terminal terminal({tool}, 24, 80);
        terminal.press("3");
        ASSERT_NE(terminal.row_with({"live.slice ", ' ' + bytes(3) + ' '}), "") << terminal.text();
        EXPECT_NE(terminal.row_with({"  one.service ", ' ' + bytes() + ' '}), "")
            << terminal.text();
        EXPECT_NE(terminal.row_with({"  two.service ", ' ' + bytes(2) + ' '}), "")
            << terminal.text();
        terminal.press("t");
        EXPECT_NE(terminal.row_with({"one.service ", "live.slice ", ' ' + bytes() + ' '}), "")
            << terminal.text();
        terminal.press("q");
        expect_end(terminal);
    }
    ::umount(root.c_str());
}

TEST_F(Live, NamesDoNothingToTheTerminal) {
    const auto helper = sender("\x1b[2Jb\xc3\xa4\xff\x9bz\t");
    Terminal terminal({tool}, 24, 80);
    EXPECT_NE(terminal.row_with({" ?[2Jb????z? "}), "") << terminal.text();
    terminal.press("q");
    expect_end(terminal);
}

TEST_F(Live, SignalsEndIt) {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        SCOPED_TRACE(::strsignal(signal));
        Terminal terminal({tool}, 24, 80);
        ASSERT_NE(terminal.row_with({"q quit"}), "") << terminal.text();
        terminal.kill(signal);
        expect_end(terminal);
    }
    Terminal terminal({tool}, 24, 80);
    ASSERT_NE(terminal.row_with({"q quit"}), "") << terminal.text();
    terminal.press("\x03");
    expect_end(terminal);
}

TEST_F(Live, IsStoppedAndGoesOn) {
    Terminal terminal({"bash", "-m", "-c", tool + "; echo stopped; read; fg; echo ended $?"}, 24,
                      80);
    ASSERT_NE(terminal.row_with({"q quit"}), "") << terminal.text();
    terminal.press("\x1a");
    ASSERT_NE(terminal.row_with({"stopped"}), "") << terminal.text();
    EXPECT_NE(terminal.bytes().find(screen_back), std::string::npos);
    terminal.press("\r");
    ASSERT_NE(terminal.row_with({"PID", "IN/s"}), "") << terminal.text();
    terminal.press("q");
    EXPECT_NE(terminal.row_with({"ended 0"}), "") << terminal.text();
    expect_end(terminal);
}

TEST_F(Live, SizesOfTheTerminal) {
    Terminal terminal({tool}, 24, 80);
    ASSERT_NE(terminal.row_with({"q quit"}), "") << terminal.text();
    terminal.resize(60, 200);
    ASSERT_NE(terminal.row_with({"PID", "UNIT", "SHARE"}), "") << terminal.text();
    EXPECT_NE(terminal.row(59).find("q quit"), std::string::npos) << terminal.text();
    terminal.resize(4, 19);
    EXPECT_NE(terminal.row_with({"at least 20x5"}), "") << terminal.text();
    terminal.resize(5, 20);
    EXPECT_NE(terminal.row_with({"NAME", "IN/s", "OUT/s"}), "") << terminal.text();
    terminal.press("q");
    expect_end(terminal);
}

TEST_F(Live, TerminalsThatNobodyKnows) {
    Terminal terminal({tool}, 24, 80, "nobody-knows");
    ASSERT_NE(terminal.row_with({"q quit"}), "") << terminal.text();
    terminal.press("q");
    expect_end(terminal);
}

// By the host's own file.
TEST_F(Live, RemotesByTheirNames) {
    run({"sh", "-c", "cp /etc/hosts /tmp/hosts && echo 10.0.0.2 live-peer.example >>/etc/hosts"});
    Helper talker(pair_.a.ns, [this](Channel& test) {
        const auto connected = udp_connected(pair_.b.at(Family::v4, 9));
        send_connected(connected, size, count);
        test.signal();
        test.wait();
    });
    talker.wait();
    for (const bool names : {false, true}) {
        const std::string remote = names ? "live-peer.example" : "10.0.0.2";
        Terminal terminal(names ? std::vector<std::string>{tool, "-r"} : std::vector{tool}, 24,
                          120);
        terminal.press("6");
        EXPECT_NE(terminal.row_with({remote + ' ', ' ' + bytes() + ' '}), "") << terminal.text();
        terminal.press("5");
        EXPECT_NE(terminal.row_with({remote + ":9 ", ' ' + bytes() + ' '}), "") << terminal.text();
        terminal.press("q");
        expect_end(terminal);
    }
    run({"cp", "/tmp/hosts", "/etc/hosts"});
}
