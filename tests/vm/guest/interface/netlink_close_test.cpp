// SPDX-License-Identifier: GPL-2.0-only
// The multicast group of sockets that close. What a connection carried is what the devices counted,
// which carry nothing else.
#include "lib/guest_test.h"

#include <arpa/inet.h>
#include <map>
#include <netinet/in.h>
#include <unistd.h>

#include "lib/command.h"
#include "lib/genl.h"
#include "uapi/netatop_netlink.h"

using namespace guest;

namespace {

constexpr std::uint16_t port = 7000;
constexpr std::size_t size = 1000;
constexpr uid_t nobody = 65534;

std::string own_name() {
    auto name = read_file("/proc/self/comm");
    name.pop_back();
    return name;
}

// As people write it.
std::string text_of(const std::vector<std::uint8_t>& address) {
    char text[INET6_ADDRSTRLEN] = "";
    const int family = address.size() == sizeof(in_addr) ? AF_INET : AF_INET6;
    return ::inet_ntop(family, address.data(), text, sizeof(text)) ? text : "";
}
std::string text_of(const Address& address) {
    char text[INET6_ADDRSTRLEN] = "";
    const void* bits = address.family() == Family::v4
                           ? static_cast<const void*>(
                                 &reinterpret_cast<const sockaddr_in*>(address.get())->sin_addr)
                           : &reinterpret_cast<const sockaddr_in6*>(address.get())->sin6_addr;
    return ::inet_ntop(domain(address.family()), bits, text, sizeof(text)) ? text : "";
}

// The messages to the group, by the cookies of their sockets.
class Closed {
public:
    Closed() { EXPECT_EQ(genl_.listen(NETATOP_GENL_GROUP_CLOSE), 0); }
    // Waits for it.
    GenlClosed of(std::uint64_t cookie) {
        while (heard_.count(cookie) == 0)
            hear();
        return heard_.at(cookie);
    }
    // Those that came after a while.
    std::size_t number_of(std::uint64_t cookie) {
        ::usleep(1'500'000);
        while (genl_.waiting())
            hear();
        return heard_.count(cookie) ? count_[cookie] : 0;
    }

private:
    void hear() {
        const auto closed = genl_.heard_closed();
        compare("command", unsigned{NETATOP_CMD_CLOSE}, unsigned{closed.command});
        heard_[closed.cookie] = closed;
        count_[closed.cookie] += 1;
    }

    Genl genl_;
    std::map<std::uint64_t, GenlClosed> heard_;
    std::map<std::uint64_t, std::size_t> count_;
};

// What a helper tells of its end of a connection.
struct End {
    std::uint64_t cookie;
    Address local;
};

End end_of(const Fd& socket) {
    return {cookie_of(socket), Address::local_of(socket.get())};
}

// Reads one connection to its end, or until it is reset, and exits, as soon as it has been told to.
// It tells of the connection, and the cookie of its listener.
Helper reader(const Namespace& ns, const Address& at) {
    return {ns, [at](Channel& test) {
                Fd listener = tcp_listener(at);
                test.send(cookie_of(listener));
                const Fd connection = tcp_accept(listener);
                listener.close();
                test.send(end_of(connection));
                char byte = 0;
                while (::read(connection.get(), &byte, 1) > 0) {
                }
                test.wait();
            }};
}

// Connects, tells of the connection, and waits; then it writes and, where it is to reset the
// connection, does so and goes on living; else it exits.
Helper writer(const Namespace& ns, const Address& to, bool reset = false) {
    return {ns, [to, reset](Channel& test) {
                Fd connection = tcp_connected(to);
                test.send(end_of(connection));
                test.wait();
                write_stream(connection, size);
                if (!reset)
                    return;
                const linger abort{1, 0};
                check(::setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort)),
                      "SO_LINGER");
                connection.close();
                test.signal();
                test.wait();
            }};
}

class NetlinkClose : public FamilyTest {
protected:
    void SetUp() override {
        FamilyTest::SetUp();
        for (const auto* side : {&pair_.a, &pair_.b})
            wait_for_ends(side->ns);
    }
    // Who has closed first stays a socket until the other one has, and is not TIME_WAIT before,
    // which has none.
    static void wait_for_ends(const Namespace& ns) { ns.sysctl("ipv4/tcp_fin_timeout", "120"); }

    Address at() const { return pair_.b.at(family(), port); }
    static void expect_ends(const GenlClosed& closed, const Address& local, const Address& remote) {
        compare("local address", text_of(local), text_of(closed.local));
        compare("its port", std::uint32_t{local.port()}, closed.local_port);
        compare("remote address", text_of(remote), text_of(closed.remote));
        compare("its port", std::uint32_t{remote.port()}, closed.remote_port);
    }
    void expect_owner(const GenlClosed& closed, pid_t owner, const Namespace& ns) const {
        const auto pid = static_cast<std::uint32_t>(owner);
        compare("protocol", std::uint32_t{IPPROTO_TCP}, closed.protocol);
        compare("family", static_cast<std::uint32_t>(domain(family())), closed.family);
        compare("namespace", ns.inode(), closed.netns);
        compare("process", pid, closed.tgid);
        compare("thread", pid, closed.pid);
        compare("class", false, closed.owner_class.has_value());
        compare("name", own_name(), closed.comm);
        compare("user", std::uint32_t{0}, closed.uid.value_or(nobody));
    }

    Pair& pair_ = standard_pair();
};

} // namespace

// Each end is told once, though the process that closed it is gone before the connection is.
TEST_P(NetlinkClose, AConnectionIsToldWithAllThatItCarried) {
    Closed closed;
    const auto a = pair_.a.carried();
    const auto b = pair_.b.carried();
    const auto begin = boottime_ns();
    auto server = reader(pair_.b.ns, at());
    const auto listener = server.receive<std::uint64_t>();
    auto client = writer(pair_.a.ns, at());
    const auto theirs = server.receive<End>();
    const auto ours = client.receive<End>();
    const auto server_pid = server.pid();
    const auto client_pid = client.pid();
    client.signal();
    client.join();
    server.signal();
    server.join();

    const auto first = closed.of(ours.cookie);
    expect_owner(first, client_pid, pair_.a.ns);
    expect_ends(first, ours.local, at());
    compare("of the client", tcp(pair_.a.carried() - a), first.counters);
    compare("over loopback", Counters{}, first.loopback);
    EXPECT_GT(first.end, begin);
    EXPECT_LT(first.end, boottime_ns());
    EXPECT_GE(first.end, first.start);

    const auto second = closed.of(theirs.cookie);
    const auto third = closed.of(listener);
    expect_owner(second, server_pid, pair_.b.ns);
    expect_ends(second, theirs.local, ours.local);
    compare("listener", std::uint32_t{port}, third.local_port);
    compare("its peer", std::size_t{0}, third.remote.size() + third.remote_port);
    compare("of the server", tcp(pair_.b.carried() - b), second.counters + third.counters);
    compare("how often", std::size_t{1}, closed.number_of(ours.cookie));
}

TEST_P(NetlinkClose, WhoResetsItLives) {
    Closed closed;
    const auto a = pair_.a.carried();
    auto server = reader(pair_.b.ns, at());
    server.receive<std::uint64_t>();
    auto client = writer(pair_.a.ns, at(), true);
    const auto theirs = server.receive<End>();
    const auto ours = client.receive<End>();
    client.signal();
    client.wait();
    const auto first = closed.of(ours.cookie);
    expect_owner(first, client.pid(), pair_.a.ns);
    expect_ends(first, ours.local, at());
    compare("of the client", tcp(pair_.a.carried() - a), first.counters);
    const auto second = closed.of(theirs.cookie);
    expect_owner(second, server.pid(), pair_.b.ns);
    expect_ends(second, theirs.local, ours.local);
}

TEST_P(NetlinkClose, OverLoopback) {
    const Namespace ns;
    wait_for_ends(ns);
    const Address here(family() == Family::v4 ? "127.0.0.1" : "::1", port);
    Closed closed;
    auto server = reader(ns, here);
    const auto listener = server.receive<std::uint64_t>();
    auto client = writer(ns, here);
    const auto theirs = server.receive<End>();
    const auto ours = client.receive<End>();
    client.signal();
    client.join();
    server.signal();
    server.join();
    const auto first = closed.of(ours.cookie);
    const auto second = closed.of(theirs.cookie);
    const auto all = first.counters + second.counters + closed.of(listener).counters;
    compare("of both", tcp(device_counters(ns, "lo")), all);
    compare("of the client", first.counters, first.loopback);
    compare("of the server", second.counters, second.loopback);
}

// The probes are there some seconds after somebody listens.
TEST_P(NetlinkClose, ADatagramSocket) {
    Closed closed;
    Helper sink(pair_.b.ns, [this](Channel& test) {
        const Fd socket = udp_bound(at());
        test.signal();
        test.wait();
    });
    sink.wait();
    const auto once = [&](GenlClosed& told, End& end, pid_t& pid) {
        Helper sender(pair_.a.ns, [this](Channel& test) {
            const Fd socket = udp_connected(at());
            send_connected(socket, size, 3);
            test.send(end_of(socket));
        });
        end = sender.receive<End>();
        pid = sender.pid();
        sender.join();
        if (closed.number_of(end.cookie) == 0)
            return false;
        told = closed.of(end.cookie);
        return true;
    };
    GenlClosed told;
    End end{};
    pid_t pid = 0;
    ASSERT_TRUE(eventually([&] { return once(told, end, pid); }, milliseconds(15000)));
    compare("protocol", std::uint32_t{IPPROTO_UDP}, told.protocol);
    compare("process", static_cast<std::uint32_t>(pid), told.tgid);
    compare("name", own_name(), told.comm);
    compare("counters", udp_out(datagrams(family(), 3, size)), told.counters);
    expect_ends(told, end.local, at());
}

BOTH_FAMILIES(NetlinkClose);

namespace {

class NetlinkCloseGroup : public GuestTest {
protected:
    // A connection over loopback that its client resets; its cookie.
    static std::uint64_t brief() {
        const Address here("127.0.0.1", port);
        const Fd listener = tcp_listener(here, true);
        Fd connection = tcp_connected(here);
        const Fd accepted = tcp_accept(listener);
        const auto cookie = cookie_of(connection);
        const linger abort{1, 0};
        check(::setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort)),
              "SO_LINGER");
        connection.close();
        return cookie;
    }
};

} // namespace

TEST_F(NetlinkCloseGroup, StrangersHearNothing) {
    Helper stranger(nullptr, [](Channel& test) {
        check(::setuid(nobody), "setuid");
        test.send(Genl().listen(NETATOP_GENL_GROUP_CLOSE));
    });
    compare("a stranger listens", EPERM, stranger.receive<int>());
}

TEST_F(NetlinkCloseGroup, WhatClosedBeforeIsNotTold) {
    const auto before = brief();
    Closed closed;
    const auto after = brief();
    closed.of(after);
    compare("before", std::size_t{0}, closed.number_of(before));
    compare("after", std::size_t{1}, closed.number_of(after));
}

TEST_F(NetlinkCloseGroup, WhoReadsTooSlowlyIsTold) {
    Genl slow;
    slow.buffer(4096);
    ASSERT_EQ(slow.listen(NETATOP_GENL_GROUP_CLOSE), 0);
    Closed closed;
    std::uint64_t last = 0;
    for (int i = 0; i < 20; ++i)
        last = brief();
    closed.of(last);
    compare("error", ENOBUFS, slow.error_among_closed(60));
}

// The connection is half closed, and its record waits.
TEST_F(NetlinkCloseGroup, TheModuleGoesInTheMiddle) {
    Closed closed;
    const Address here("127.0.0.1", port);
    Fd listener = tcp_listener(here, true);
    const Fd connection = tcp_connected(here);
    const Fd accepted = tcp_accept(listener);
    finish_writing(connection);
    // Else it could be given the next connection.
    listener.close();
    brief();
    EXPECT_TRUE(eventually([] { return module::unload() == 0; }));
    module::require();
}
