// SPDX-License-Identifier: GPL-2.0-only
// The exporter's HTTP, over real connections: what is answered, and who is got rid of.
#include "listener.h"
#include "server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <random>
#include <thread>
#include <vector>

namespace netatop::test {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

class ServerTest : public ::testing::Test {
protected:
    void start(const ServerLimits& limits = {}) {
        auto listener = listen_on("127.0.0.1:0");
        ASSERT_TRUE(listener) << listener.error().text;
        listener_ = *std::move(listener);
        auto server = Server::start(
            listener_,
            [this](Dialect dialect) -> Result<std::string> {
                ++asked;
                if (broken)
                    return Error{"the module is away"};
                return std::string(dialect == Dialect::openmetrics ? "open\n" : text);
            },
            limits);
        ASSERT_TRUE(server) << server.error().text;
        server_ = *std::move(server);
    }
    Descriptor connected() const {
        sockaddr_in to{};
        socklen_t size = sizeof to;
        EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&to), &size), 0);
        Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), size), 0);
        return socket;
    }
    void serve(milliseconds time = milliseconds(20)) {
        for (const auto end = Clock::now() + time; Clock::now() < end;) {
            pollfd ready{server_->fd(), POLLIN, 0};
            ::poll(&ready, 1, 2);
            server_->run();
        }
    }
    static bool send(const Descriptor& to, const std::string& bytes) {
        return ::send(to.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(bytes.size());
    }
    // What has come; none when the other end has closed.
    static std::optional<std::string> received(const Descriptor& from) {
        std::string all;
        std::array<char, 4096> some{};
        for (;;) {
            const auto got = ::recv(from.get(), some.data(), some.size(), MSG_DONTWAIT);
            if (got <= 0)
                return got < 0 && errno == EAGAIN ? std::optional(all)
                       : all.empty()              ? std::nullopt
                                                  : std::optional(all);
            all.append(some.data(), static_cast<std::size_t>(got));
        }
    }
    std::string answer_to(const std::string& request) {
        const auto client = connected();
        EXPECT_TRUE(send(client, request));
        serve();
        return received(client).value_or("");
    }
    static bool has(const std::string& text, const std::string& words) {
        return text.find(words) != std::string::npos;
    }

    std::string text = "a 1\n";
    bool broken = false;
    int asked = 0;

private:
    Descriptor listener_;
    std::unique_ptr<Server> server_;
};

std::string get(const std::string& path, const std::string& headers = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
}

} // namespace

TEST_F(ServerTest, WhatThereIs) {
    start();
    const auto metrics = answer_to(get("/metrics"));
    EXPECT_EQ(metrics.rfind("HTTP/1.1 200", 0), 0U) << metrics;
    EXPECT_TRUE(has(metrics, "text/plain; version=0.0.4; charset=utf-8")) << metrics;
    EXPECT_TRUE(has(metrics, "\r\n\r\na 1\n")) << metrics;
    const auto open = answer_to(get("/metrics", "Accept: application/openmetrics-text\r\n"));
    EXPECT_TRUE(has(open, "application/openmetrics-text; version=1.0.0; charset=utf-8")) << open;
    EXPECT_TRUE(has(open, "\r\n\r\nopen\n")) << open;
    EXPECT_TRUE(
        has(answer_to(get("/metrics", "Accept-Encoding: gzip\r\n")), "Content-Encoding: gzip"));
    EXPECT_EQ(asked, 3);
    EXPECT_TRUE(has(answer_to(get("/-/healthy")), " 200 "));
    EXPECT_TRUE(has(answer_to(get("/")), "href=\"/metrics\""));
    EXPECT_TRUE(has(answer_to(get("/nothing")), " 404 "));
    EXPECT_EQ(asked, 3);
}

TEST_F(ServerTest, FailureIsSaid) {
    start();
    broken = true;
    const auto answer = answer_to(get("/metrics"));
    EXPECT_TRUE(has(answer, " 503 ")) << answer;
    EXPECT_TRUE(has(answer, "the module is away")) << answer;
    EXPECT_TRUE(has(answer_to(get("/-/healthy")), " 200 ")) << "the exporter itself runs";
}

TEST_F(ServerTest, WhatCannotBeAskedFor) {
    start();
    EXPECT_TRUE(has(answer_to("DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), "Allow: GET, HEAD"));
    EXPECT_TRUE(
        has(answer_to("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"), " 413 "));
    EXPECT_TRUE(has(answer_to(get("/metrics", "Transfer-Encoding: chunked\r\n")), " 413 "));
    // The rest of it is not read, so the answer may be lost on the way.
    const auto huge = answer_to(get("/metrics", "X: " + std::string(20000, 'x') + "\r\n"));
    EXPECT_TRUE(huge.empty() || has(huge, " 431 ")) << huge;
    EXPECT_EQ(asked, 0);
    const auto head = answer_to("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(has(head, "Content-Length: 4")) << head;
    EXPECT_FALSE(has(head, "a 1")) << head;
}

TEST_F(ServerTest, AConnectionIsKept) {
    start();
    const auto client = connected();
    for (int i = 1; i <= 3; ++i) {
        ASSERT_TRUE(send(client, get("/metrics")));
        serve();
        EXPECT_TRUE(has(received(client).value_or(""), "a 1\n"));
        EXPECT_EQ(asked, i);
    }
}

// It never falls silent, and never comes to an end.
TEST_F(ServerTest, WhoSendsSlowlyIsGotRidOf) {
    ServerLimits limits;
    limits.request = std::chrono::seconds(1);
    start(limits);
    const auto slow = connected();
    ASSERT_TRUE(send(slow, "GET /metrics HTTP/1.1\r\nX: "));
    bool open = true;
    const auto begin = Clock::now();
    while (open && Clock::now() < begin + std::chrono::seconds(10)) {
        serve(milliseconds(100));
        open = send(slow, "x") && received(slow).has_value();
    }
    EXPECT_FALSE(open);
    EXPECT_GE(Clock::now() - begin, std::chrono::seconds(1));
    EXPECT_TRUE(has(answer_to(get("/metrics")), "a 1\n"));
}

TEST_F(ServerTest, WhoTakesSlowlyIsGotRidOf) {
    ServerLimits limits;
    limits.request = std::chrono::seconds(1);
    start(limits);
    text.assign(50'000'000, 'x');
    const auto slow = connected();
    ASSERT_TRUE(send(slow, get("/metrics")));
    std::size_t taken = 0;
    std::array<char, 1000> some{};
    const auto begin = Clock::now();
    for (ssize_t got = 1; got > 0 && Clock::now() < begin + std::chrono::seconds(3);) {
        serve(milliseconds(50));
        got = ::recv(slow.get(), some.data(), some.size(), 0);
        taken += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    text = "a 1\n";
    EXPECT_TRUE(has(answer_to(get("/metrics")), "a 1\n"));
    // What is left in the sockets can still be read, and then there is an end.
    pollfd ready{slow.get(), POLLIN, 0};
    while (::poll(&ready, 1, 1000) == 1) {
        const auto got = ::recv(slow.get(), some.data(), some.size(), 0);
        if (got <= 0)
            break;
        taken += static_cast<std::size_t>(got);
    }
    EXPECT_LT(taken, 50'000'000U);
}

TEST_F(ServerTest, ManyConnectionsWait) {
    ServerLimits limits;
    limits.connections = 4;
    limits.silence = 1;
    start(limits);
    std::vector<Descriptor> idle;
    for (int i = 0; i < 20; ++i)
        idle.push_back(connected());
    serve();
    const auto client = connected();
    ASSERT_TRUE(send(client, get("/metrics")));
    bool answered = false;
    for (int i = 0; i < 100 && !answered; ++i) {
        serve(milliseconds(100));
        answered = has(received(client).value_or(""), "a 1\n");
    }
    EXPECT_TRUE(answered) << "those that say nothing make room";
}

// Bytes at random, and requests with some of them wrong.
TEST_F(ServerTest, Nonsense) {
    start();
    std::mt19937 random(20261127); // NOLINT: the same each time
    const auto whole = get("/metrics", "Accept: text/plain;q=0.5,*/*\r\nAccept-Encoding: gzip\r\n");
    for (int i = 0; i < 300; ++i) {
        std::string bytes = whole;
        for (unsigned changes = random() % 8; changes > 0; --changes)
            bytes[random() % bytes.size()] = static_cast<char>(random());
        if (i % 3 == 0)
            bytes.resize(random() % bytes.size());
        const auto client = connected();
        (void)send(client, bytes);
        serve(milliseconds(3));
    }
    EXPECT_TRUE(has(answer_to(get("/metrics")), "a 1\n"));
}

TEST(Listener, Addresses) {
    for (const auto* wrong : {"", "x", "1:2:3", "[::1", "127.0.0.1", "127.0.0.1:", "[::1]:x",
                              "example.invalid:80", "127.0.0.1:99999"}) {
        const auto socket = listen_on(wrong);
        ASSERT_FALSE(socket) << wrong;
        EXPECT_EQ(socket.error().cause, Cause::usage) << wrong;
    }
    EXPECT_TRUE(listen_on("localhost:0"));
    EXPECT_TRUE(listen_on(":0"));
    auto first = listen_on("127.0.0.1:0");
    ASSERT_TRUE(first);
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ASSERT_EQ(::getsockname(first->get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    const auto second = listen_on("127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().text.find("another exporter runs"), std::string::npos);
}

} // namespace netatop::test
