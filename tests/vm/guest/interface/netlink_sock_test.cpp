// SPDX-License-Identifier: GPL-2.0-only
// The generic netlink family: what it says of sockets.
#include "lib/guest_test.h"

#include <algorithm>
#include <map>
#include <netinet/in.h>
#include <sys/resource.h>

#include "lib/genl.h"
#include "uapi/netatop_netlink.h"

using namespace guest;

namespace {

constexpr std::size_t size = 20;

// A process with sockets, each of which has sent a datagram.
class Holder {
public:
    Holder(const Namespace& ns, const Address& to, unsigned count)
        : helper_(ns, [&to, count](Channel& test) {
              const rlimit many{count + 100, count + 100};
              check(::setrlimit(RLIMIT_NOFILE, &many), "setrlimit");
              std::vector<Fd> sockets;
              for (unsigned i = 0; i < count; i++) {
                  sockets.push_back(udp_socket(Family::v4));
                  send_to(sockets.back(), to, size);
                  test.send(cookie_of(sockets.back()));
              }
              test.wait();
          }) {
        for (unsigned i = 0; i < count; i++)
            cookies_.push_back(helper_.receive<std::uint64_t>());
    }
    const std::vector<std::uint64_t>& cookies() const { return cookies_; }
    std::uint32_t tgid() const { return static_cast<std::uint32_t>(helper_.pid()); }

private:
    Helper helper_;
    std::vector<std::uint64_t> cookies_;
};

class NetlinkSock : public GuestTest {
protected:
    static std::vector<GenlAttribute> of(std::uint16_t type, std::uint32_t number) {
        return {GenlAttribute::number(type, number)};
    }
    static std::vector<GenlSock> with(const std::vector<GenlSock>& all, std::uint64_t cookie) {
        std::vector<GenlSock> found;
        std::copy_if(all.begin(), all.end(), std::back_inserter(found),
                     [&](const GenlSock& one) { return one.cookie == cookie; });
        return found;
    }
    static GenlSock one(std::uint64_t cookie) {
        const auto found = with(Genl().socks(), cookie);
        EXPECT_FALSE(found.empty()); // more than one when the table was resized meanwhile
        return found.empty() ? GenlSock{} : found.front();
    }
    Holder holder(unsigned count) const { return {pair_.a.ns, to_, count}; }

    Pair& pair_ = standard_pair();
    const Address to_ = pair_.b.at(Family::v4, 9);
    // Takes in what is sent to the port, so that no errors come back.
    Helper sink_{pair_.b.ns, [this](Channel& test) {
                     const Fd socket = udp_bound(to_);
                     test.signal();
                     test.wait();
                 }};
    void SetUp() override {
        GuestTest::SetUp();
        sink_.wait();
    }
};

} // namespace

TEST_F(NetlinkSock, SaysWhoseItIsAndWhatItCarried) {
    Helper sender(pair_.a.ns, [this](Channel& test) {
        const Fd socket = udp_socket(Family::v6);
        send_to(socket, pair_.b.at(Family::v6, 9), size, 3);
        test.send(cookie_of(socket));
        test.wait();
    });
    const auto sock = one(sender.receive<std::uint64_t>());
    const auto process = Genl().process(sender.pid());
    ASSERT_TRUE(process);
    compare("protocol", std::uint32_t{IPPROTO_UDP}, sock.protocol);
    compare("family", std::uint32_t{AF_INET6}, sock.family);
    compare("namespace", pair_.a.ns.inode(), sock.netns);
    compare("process", static_cast<std::uint32_t>(sender.pid()), sock.tgid);
    compare("thread", sock.tgid, sock.pid);
    compare("start", process->start, sock.start);
    compare("class", false, sock.owner_class.has_value());
    compare("counters", udp_out(datagrams(Family::v6, 3, size)), sock.counters);
}

TEST_F(NetlinkSock, AConnectionIsOneSocketAtEachEnd) {
    Helper server(pair_.b.ns, [this](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(Family::v4, 7000));
        test.signal();
        const Fd connection = tcp_accept(listener);
        test.signal();
        read_stream(connection, 100);
        test.send(cookie_of(connection));
        test.send(tally(connection).segments_out);
        test.wait();
    });
    server.wait();
    Helper client(pair_.a.ns, [this](Channel& test) {
        const Fd connection = tcp_connected(pair_.b.at(Family::v4, 7000));
        test.wait();
        write_stream(connection, 100);
        test.wait();
    });
    // What overtakes the last packet of the handshake would be the listener's.
    server.wait();
    client.signal();
    const auto cookie = server.receive<std::uint64_t>();
    const auto out = server.receive<std::uint64_t>();
    const auto sock = one(cookie);
    compare("protocol", std::uint32_t{IPPROTO_TCP}, sock.protocol);
    compare("namespace", pair_.b.ns.inode(), sock.netns);
    compare("process", static_cast<std::uint32_t>(server.pid()), sock.tgid);
    compare("packets sent", out, sock.counters.tcp.out.packets); // the SYN is the listener's
    compare("packets received", std::uint64_t{1}, sock.counters.tcp.in.packets);
    compare("bytes received", std::uint64_t{100 + tcp_overhead(Family::v4)},
            sock.counters.tcp.in.bytes);
}

TEST_F(NetlinkSock, CountersGoOnWhenReadAndWhenTheOwnerChanges) {
    Helper first(pair_.a.ns, [this](Channel& test) {
        const Fd socket = udp_socket(Family::v4);
        send_to(socket, to_, size, 2);
        test.send(cookie_of(socket));
        test.wait();
        Helper second(nullptr, [&](Channel& parent) {
            send_to(socket, to_, size, 3);
            parent.signal();
            parent.wait();
        });
        second.wait();
        test.send(second.pid());
        test.wait();
    });
    const auto cookie = first.receive<std::uint64_t>();
    expect_process("the first owner", first.pid(), udp_out(datagrams(Family::v4, 2, size)));
    compare("read before", udp_out(datagrams(Family::v4, 2, size)), one(cookie).counters);
    first.signal();
    const auto second = first.receive<pid_t>();
    expect_process("the second owner", second, udp_out(datagrams(Family::v4, 3, size)));
    const auto sock = one(cookie);
    compare("owner", static_cast<std::uint32_t>(second), sock.tgid);
    compare("of both", udp_out(datagrams(Family::v4, 5, size)), sock.counters);
}

TEST_F(NetlinkSock, WithoutOwnerItIsWaiting) {
    int wire[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM, 0, wire), "socketpair");
    const Fd near(wire[0]);
    const Fd far(wire[1]);
    Fd socket = udp_bound(Address("127.0.0.1", 0));
    const auto cookie = cookie_of(socket);
    const Address to = Address::local_of(socket.get());
    pass_descriptor(near.get(), socket);
    socket.close(); // it travels: nobody has a descriptor
    send_to(udp_socket(Family::v4), to, 1);
    const auto sock = one(cookie);
    ASSERT_TRUE(sock.owner_class);
    compare("class", std::uint32_t{NETATOP_CLASS_WAITING}, *sock.owner_class);
    compare("process", 0U, sock.tgid);
    compare("packets", std::uint64_t{1}, sock.counters.udp.in.packets);
    compare("among those of a process", std::size_t{0},
            with(Genl().socks(of(NETATOP_A_TGID, static_cast<std::uint32_t>(::getpid()))), cookie)
                .size());
}

TEST_F(NetlinkSock, Filters) {
    const auto mine = holder(5);
    const auto other = holder(7);
    const Namespace third;
    Helper elsewhere(third, [](Channel& test) {
        const Fd socket = udp_bound(Address("127.0.0.1", 0));
        send_to(socket, Address::local_of(socket.get()), size);
        test.send(cookie_of(socket));
        test.wait();
    });
    const auto cookie = elsewhere.receive<std::uint64_t>();
    const auto of_process = Genl().socks(of(NETATOP_A_TGID, mine.tgid()));
    compare("of one process", std::size_t{5}, of_process.size());
    for (const auto& sock : of_process)
        compare("process", mine.tgid(), sock.tgid);
    const auto of_namespace = Genl().socks(of(NETATOP_A_NETNS, third.inode()));
    compare("of one namespace", std::size_t{1}, of_namespace.size());
    compare("that one", std::size_t{1}, with(of_namespace, cookie).size());
    compare("of both", std::size_t{0},
            Genl()
                .socks({GenlAttribute::number(NETATOP_A_TGID, mine.tgid()),
                        GenlAttribute::number(NETATOP_A_NETNS, third.inode())})
                .size());
    compare("of another namespace", std::size_t{7},
            Genl()
                .socks({GenlAttribute::number(NETATOP_A_TGID, other.tgid()),
                        GenlAttribute::number(NETATOP_A_NETNS, pair_.a.ns.inode())})
                .size());
}

TEST_F(NetlinkSock, EachOnce) {
    const auto many = holder(1000);
    std::map<std::uint64_t, unsigned> found;
    for (const auto& sock : Genl().socks())
        found[sock.cookie] += 1;
    for (const auto cookie : many.cookies())
        ASSERT_EQ(found[cookie], 1U);
}

TEST_F(NetlinkSock, NoneIsMissingWhileTheTableIsResized) {
    const auto watched = holder(1000);
    Genl genl;
    std::vector<GenlSock> all;
    std::vector<Holder> others;
    genl.ask(NETATOP_CMD_GET_SOCK, {}, true);
    // The table has room for 3,072 and then grows.
    while (genl.next(all)) {
        if (others.size() < 5)
            others.push_back(holder(1000));
    }
    compare("error", 0, genl.error());
    EXPECT_EQ(others.size(), 5U) << "the dump was too short for this test";
    std::map<std::uint64_t, unsigned> found;
    for (const auto& sock : all) {
        found[sock.cookie] += 1;
        if (sock.tgid == watched.tgid()) {
            ASSERT_EQ(sock.counters, udp_out(datagrams(Family::v4, 1, size)));
        }
    }
    for (const auto cookie : watched.cookies())
        ASSERT_GE(found[cookie], 1U);
}

TEST_F(NetlinkSock, ErrorsSayWhatIsWrong) {
    Genl genl;
    const auto error_of = [&](const std::vector<GenlAttribute>& attributes) {
        genl.socks(attributes);
        return genl.error();
    };
    compare("a thread", EINVAL, error_of(of(NETATOP_A_PID, 1)));
    compare("process 0", ERANGE, error_of(of(NETATOP_A_TGID, 0)));
    compare("namespace 0", ERANGE, error_of(of(NETATOP_A_NETNS, 0)));
    compare("a flag of tasks", EINVAL, error_of({GenlAttribute::flag(NETATOP_A_THREADS)}));
    genl.ask(NETATOP_CMD_GET_SOCK, {}, false);
    std::vector<GenlSock> none;
    genl.next(none);
    compare("no dump", EOPNOTSUPP, genl.error());
}

TEST_F(NetlinkSock, AnOpenDumpKeepsTheModule) {
    const auto many = holder(1000);
    {
        Genl genl;
        std::vector<GenlSock> some;
        genl.ask(NETATOP_CMD_GET_SOCK, {}, true);
        ASSERT_TRUE(genl.next(some));
        EXPECT_NE(module::unload(), 0);
        EXPECT_TRUE(module::loaded());
    }
    EXPECT_TRUE(eventually([] { return module::unload() == 0; }));
    module::require();
}
