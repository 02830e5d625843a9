// SPDX-License-Identifier: GPL-2.0-only
// What stands where on the screen of the live view, in any size and whatever names are.
#include "page.h"

#include "text.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <clocale>
#include <future>

#include "live_lines.h"

namespace netatop::test {

namespace {

std::string text_of(const PageLine& line) {
    std::string text;
    for (const auto& piece : line)
        text += piece.text;
    return text;
}

class PageTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr)
            GTEST_SKIP() << "no UTF-8 here";
    }
    void TearDown() override { std::setlocale(LC_CTYPE, "C"); }

    void press(const std::string& keys) {
        for (const char key : keys)
            view.key({Key::Name::byte, key});
    }
    std::string text(std::size_t number, std::size_t height = 24, std::size_t width = 80) {
        return text_of(page(view, height, width).at(number));
    }

    View view;
};

} // namespace

// Rows, module and interfaces lose the same.
TEST_F(PageTest, WithoutLoopback) {
    auto both = line(7, "both", {3000, 0}, {9000, 0});
    both.counters.loopback_tcp_received = {1, 1000};
    both.total.loopback_tcp_received = {1, 4000};
    auto near = line(8, "near", {500, 0}, {500, 0});
    near.counters.loopback_tcp_received = near.counters.tcp_received;
    near.total.loopback_tcp_received = near.total.tcp_received;
    auto sample = sample_of({both, near});
    sample.moved = counters_of({3500, 0});
    sample.moved.loopback_tcp_received = {2, 1500};
    sample.total = counters_of({9500, 0});
    sample.total.loopback_tcp_received = {2, 4500};
    sample.devices = Carried{{3, 3700}, {2, 1500}};
    sample.loopback = Carried{{2, 1500}, {2, 1500}};
    view.take(sample);
    EXPECT_EQ(text(0).substr(0, 78),
              "rows in  3.4K out     0  module in  3.4K out     0  devices in  3.6K out  1.5K");
    EXPECT_EQ(text(23).find("without loopback"), std::string::npos);
    press("l");
    EXPECT_EQ(text(0).substr(0, 78),
              "rows in  2.0K out     0  module in  2.0K out     0  devices in  2.1K out     0");
    EXPECT_NE(text(23).find("without loopback"), std::string::npos);
    ASSERT_EQ(view.rows().size(), 2U);
    EXPECT_EQ(view.rows()[0].name, "both");
    EXPECT_EQ(view.rows()[0].counters.received().bytes, 2000U);
    EXPECT_EQ(view.rows()[0].total.received().bytes, 5000U);
    EXPECT_FALSE(view.rows()[1].counters.any());
    press("c");
    EXPECT_EQ(view.sum().received().bytes, 5000U);
    EXPECT_EQ(view.module().received().bytes, 5000U);
    press("cl");
    EXPECT_EQ(view.sum().received().bytes, 3500U);
}

TEST_F(PageTest, AScreenOf80Columns) {
    auto sample = sample_of(
        {line(1234, "curl", {2048, 100}, {5000, 300}), class_line("(kernel)", {0, 0}, {7, 0})});
    sample.interval_ms = 2000;
    sample.moved = counters_of({2048, 100});
    sample.devices = Carried{{1, 4096}, {1, 200}};
    view.take(sample);
    const auto lines = page(view, 24, 80);
    ASSERT_EQ(lines.size(), 24U);
    EXPECT_EQ(text_of(lines[0]).substr(0, 78),
              "rows in  1.0K out    50  module in  1.0K out    50  devices in  2.0K out   100");
    EXPECT_EQ(text_of(lines[1]),
              "1 programs  2 threads  3 units  4 containers  5 connections  6 remotes");
    EXPECT_EQ(text_of(lines[2]).substr(0, 80),
              "    PID USER     UNIT       NAME                IN/s  OUT/s  PKT/s  TOTAL  SHARE");
    EXPECT_EQ(text_of(lines[3]).substr(0, 80),
              "   1234 -        -          curl                1.0K     50      1   5.2K 100.0%");
    EXPECT_EQ(text_of(lines[4]).substr(0, 80),
              "                            (kernel)               0      0      0      7   0.0%");
    EXPECT_EQ(lines[3][0].meaning, Meaning::chosen);
    EXPECT_EQ(lines[4][0].meaning, Meaning::of_class);
    EXPECT_EQ(lines[1][0].meaning, Meaning::present_tab);
    EXPECT_EQ(lines[1][2].meaning, Meaning::tab);
    EXPECT_NE(text_of(lines[23]).find("? help  q quit  by share  bytes, 1K=1024"),
              std::string::npos);
}

TEST_F(PageTest, WithoutASampleBefore) {
    auto sample = sample_of({line(1, "curl", {}, {5, 6})});
    sample.interval_ms = 0;
    sample.total = counters_of({5, 6});
    view.take(sample);
    EXPECT_NE(text(3).find("     -      -      -     11"), std::string::npos) << text(3);
    EXPECT_EQ(text(0).substr(0, 20), "rows in     - out   ") << text(0);
    press("c");
    EXPECT_NE(text(3).find("     5      6      2     11 100.0%"), std::string::npos) << text(3);
    EXPECT_NE(text(2).find("    IN    OUT    PKT"), std::string::npos) << text(2);
    EXPECT_NE(text(0).find("module in     5 out     6"), std::string::npos) << text(0);
    press("b");
    EXPECT_NE(text(3).find("    40     48      2     88"), std::string::npos) << text(3);
}

TEST_F(PageTest, TheLastMinuteOfTheChosenRow) {
    for (std::int64_t second = 1; second <= 3; ++second) {
        auto sample = sample_of({line(1, "curl", {second == 2 ? 2048U : 0U, 0}, {}),
                                 line(2, "wget", {second == 2 ? 10U : 20U, 0}, {})});
        sample.at_ms = second * 1000;
        view.take(sample);
        view.take(sample); // shown again
    }
    const std::string unknown(57, ' ');
    EXPECT_EQ(text(22), "60 s |" + unknown + "\u2588\u2585\u2588| most 20/s   ") << "wget is first";
    view.key({Key::Name::down});
    EXPECT_EQ(text(22), "60 s |" + unknown + "\u2581\u2588\u2581| most 2.0K/s ");
    press("b");
    EXPECT_EQ(text(22).substr(text(22).find('|', 6)), "| most 16.0K/s") << "bits";
    EXPECT_EQ(text(22, 24, 30).substr(0, 6), "10 s |");
    press("2");
    EXPECT_EQ(text(22).find("2.0K"), std::string::npos) << "threads are others";
}

TEST_F(PageTest, DetailsOfARow) {
    view.take(sample_of({line(1, "curl", {1, 1}, {1, 1})}));
    view.key({Key::Name::enter});
    Details details;
    details.facts = {{"pid", "1"}, {"command", "curl\x1b[2J " + std::string(200, 'x')}};
    Connection tcp;
    tcp.socket.protocol = 6;
    tcp.socket.counters.tcp_received = {3, 4096};
    tcp.socket.counters.tcp_sent = {2, 300};
    tcp.socket.counters.loopback_tcp_sent = {1, 100};
    tcp.endpoints = {{"10.0.0.1", 51000}, {"10.0.0.2", 443}, "ESTAB", Way{20'250, 3}};
    Connection udp;
    udp.socket.protocol = 17;
    udp.endpoints.local = {"", 53};
    details.connections = {tcp, udp};
    view.take(details);
    EXPECT_EQ(text(0).substr(0, 8), "rows in ");
    EXPECT_EQ(text(1).substr(0, 5), "curl ");
    EXPECT_EQ(text(2).substr(0, 14), "pid         1 ");
    EXPECT_EQ(text(3).substr(0, 22), "command     curl?[2J x");
    EXPECT_EQ(text(4),
              "PROTO LOCAL               REMOTE                STATE     IN   OUT     RTT  RETR");
    EXPECT_EQ(text(5),
              "tcp   10.0.0.1:51000      10.0.0.2:443          ESTAB   4.0K   300  20.2ms     3");
    EXPECT_EQ(text(6),
              "udp   *:53                -                     -          0     0       -     -");
    EXPECT_EQ(text(22).substr(0, 6), "60 s |");
    EXPECT_EQ(text(23).substr(0, 9), "Esc back ");
    press("l");
    EXPECT_NE(text(5).find("   200  20.2ms"), std::string::npos) << "without loopback" << text(5);
    for (std::size_t wide = least_width; wide <= 210; ++wide)
        for (const std::size_t height : {5U, 24U})
            for (const auto& shown : page(view, height, wide))
                ASSERT_LE(netatop::width(text_of(shown)), wide) << text_of(shown);
    EXPECT_NE(text(5, 24, 40).find("10.0.0.2:443"), std::string::npos) << text(5, 24, 40);
    view.take(sample_of({}));
    EXPECT_EQ(text(1).substr(0, 20), "curl, which is gone ");
}

TEST_F(PageTest, RemotesHaveNames) {
    std::promise<void> gate; // before which nobody answers
    auto names = Lookup::make(
        [answers = gate.get_future().share()](const std::string& address) {
            answers.wait();
            return address == "10.0.0.2" ? std::string("peer.example\x1b") : std::string();
        },
        10);
    ASSERT_TRUE(names);
    view.use_names(&*names);
    const auto lines_of = [](const char* address) {
        Connection connection;
        connection.socket.protocol = 6;
        connection.endpoints = {{"10.0.0.1", 51000}, {address, 443}, "ESTAB"};
        return connection;
    };
    Identities identities;
    const auto rows = [&] { return text(3, 24, 120) + text(4, 24, 120); };
    const auto await = [&](const char* what) {
        for (int i = 0; i < 100 && rows().find(what) == std::string::npos; ++i) {
            pollfd news{names->fd(), POLLIN, 0};
            (void)::poll(&news, 1, 100);
            names->settle();
        }
        return rows().find(what) != std::string::npos;
    };
    const std::vector<Connection> connections{lines_of("10.0.0.2"), lines_of("10.0.0.3")};
    press("6");
    view.take(sample_of(remote_lines(connections)));
    EXPECT_EQ(rows().find("peer"), std::string::npos) << "nobody waits for it";
    EXPECT_NE(rows().find("10.0.0.2"), std::string::npos);
    gate.set_value();
    EXPECT_TRUE(await("peer.example? ")) << rows();
    EXPECT_NE(rows().find("10.0.0.3"), std::string::npos) << "it has none";
    press("5");
    view.take(sample_of(connection_lines(connections, identities)));
    EXPECT_TRUE(await("peer.example?:443 ")) << rows();
    EXPECT_NE(rows().find("10.0.0.3:443 "), std::string::npos);
    EXPECT_NE(rows().find("10.0.0.1:51000 "), std::string::npos) << "the local one has its address";
    press("fPEER.example");
    ASSERT_EQ(view.rows().size(), 1U) << "it is found by its name";
    EXPECT_NE(rows().find("peer.example?:443 "), std::string::npos) << rows();
    view.key({Key::Name::escape});
    ASSERT_EQ(view.rows().size(), 2U);
    view.use_names(nullptr);
    EXPECT_NE(rows().find("10.0.0.2:443"), std::string::npos);
}

// Nobody has seen it yet, and the filter is there before the answer.
TEST_F(PageTest, NamesThatComeLaterAreFound) {
    auto names = Lookup::make([](const std::string&) { return "peer.example"; }, 10);
    ASSERT_TRUE(names);
    view.use_names(&*names);
    Connection connection;
    connection.endpoints.remote.address = "10.0.0.2";
    press("6");
    view.take(sample_of(remote_lines({connection})));
    press("fpeer");
    for (int i = 0; i < 100 && view.rows().empty(); ++i) {
        pollfd news{names->fd(), POLLIN, 0};
        (void)::poll(&news, 1, 100);
        names->settle();
        view.take_names();
    }
    EXPECT_EQ(view.rows().size(), 1U);
}

TEST_F(PageTest, EverySizeIsFilledAndNotExceeded) {
    const auto sample = sample_of({line(1, "curl", {1, 1}, {1, 1})});
    for (std::size_t width = 1; width <= 210; ++width) {
        for (const std::size_t height : {1U, 4U, 5U, 24U, 60U}) {
            for (std::size_t number = 0; number < view_count; ++number) {
                press(std::string(1, static_cast<char>('1' + number)));
                auto of_view = sample;
                for (auto& row : of_view.lines)
                    row.who.resize(columns_of(view.kind()).size());
                view.take(of_view);
                const auto lines = page(view, height, width);
                ASSERT_EQ(lines.size(), height) << width << 'x' << height;
                for (const auto& shown : lines)
                    ASSERT_LE(netatop::width(text_of(shown)), width) << text_of(shown);
                if (height < least_height || width < least_width)
                    continue;
                EXPECT_NE(text_of(lines[2]).find("IN/s"), std::string::npos) << width;
                EXPECT_NE(text_of(lines[3]).find("curl"), std::string::npos) << width;
            }
        }
    }
    view.key({Key::Name::byte, '?'});
    for (const std::size_t height : {5U, 24U, 60U})
        EXPECT_EQ(page(view, height, 20).size(), height);
}

TEST_F(PageTest, WideScreensHaveRoomForNames) {
    auto wide = line(1, std::string(64, 'x'), {1, 1}, {1, 1});
    view.take(sample_of({wide}));
    EXPECT_NE(text(3, 60, 200).find(std::string(64, 'x')), std::string::npos);
    EXPECT_EQ(text(59, 60, 200).substr(0, 6), "? help");
}

TEST_F(PageTest, TooSmall) {
    EXPECT_NE(text(0, 4, 80).find("at least 20x5"), std::string::npos);
    EXPECT_NE(text(0, 24, 19).find("at least 20x5"), std::string::npos);
    EXPECT_EQ(text(0, 1, 3), "at ");
}

TEST_F(PageTest, NamesAreHarmless) {
    const std::vector<std::pair<std::string, std::string>> names{
        {"\x1b[2J\n\r\t", "?[2J???"},
        {"a\xff\xc3", "a??"},
        {"\xe2\x80\xae"
         "abc",
         "???abc"},                                               // right to left
        {"\xe4\xbd\xa0\xe5\xa5\xbd", "\xe4\xbd\xa0\xe5\xa5\xbd"}, // wide
        {"e\xcc\x81", "e\xcc\x81"},                               // combining
        {std::string(300, 'x'), std::string(16, 'x') + '+'},
        {"", "-"},
    };
    for (const auto& [name, shown] : names) {
        view.take(sample_of({line(1, name, {1, 1}, {1, 1})}));
        const auto row = text(3);
        EXPECT_NE(row.find(' ' + shown + ' '), std::string::npos) << row;
        EXPECT_EQ(netatop::width(row), 80U) << row;
    }
    press("f\x1b\xe4");
    EXPECT_EQ(text(23).substr(0, 11), "filter: ??_");
}

TEST_F(PageTest, WithoutUtf8ThereIsAsciiAlone) {
    std::setlocale(LC_CTYPE, "C");
    view.take(sample_of({line(1, "\xe4\xbd\xa0", {1, 1}, {1, 1})}));
    for (const bool help : {false, true}) {
        if (help)
            press("?");
        for (const auto& shown : page(view, 24, 80))
            for (const char c : text_of(shown))
                EXPECT_TRUE(c >= ' ' && c <= '~') << text_of(shown);
    }
}

TEST_F(PageTest, WhatEndedIsMarked) {
    auto gone = line(2, "wget", {1, 1}, {1, 1});
    gone.shown = "<wget>";
    gone.who[0] = Milliseconds{1};
    view.take(sample_of({line(1, "curl", {9, 9}, {9, 9}), gone}));
    const auto lines = page(view, 24, 80);
    EXPECT_EQ(lines[4][0].meaning, Meaning::ended);
    EXPECT_NE(text_of(lines[4]).find("<wget>"), std::string::npos);
}

TEST_F(PageTest, StatesAreSaid) {
    view.take(sample_of({line(1, "curl", {9, 9}, {9, 9})}));
    press("pbic");
    EXPECT_EQ(text(23, 24, 100).substr(0, 79),
              "PAUSED  ? help  q quit  by share  bits, 1k=1000  since the module was loaded   ");
    press("fcu");
    EXPECT_EQ(text(23).substr(0, 11), "filter: cu_");
    view.key({Key::Name::enter});
    EXPECT_NE(text(23, 24, 100).find("filter: cu"), std::string::npos);
    view.say("the module is not loaded");
    const auto lines = page(view, 24, 80);
    EXPECT_EQ(lines[23][0].meaning, Meaning::message);
    EXPECT_EQ(text_of(lines[23]).substr(0, 24), "the module is not loaded");
}

} // namespace netatop::test
