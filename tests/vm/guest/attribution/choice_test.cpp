// SPDX-License-Identifier: GPL-2.0-only
// Programs that choose the socket of a packet: asked once for each packet, by the stack, and its
// choice is credited. The members of a group, each a process of its own, tell what they received.
#include <fcntl.h>

#include <net/if.h>

#include "lib/bpf.h"
#include "lib/guest_test.h"

using namespace guest;

namespace {

constexpr std::uint16_t port = 6000;
constexpr unsigned packets = 30;
constexpr std::size_t payload = 100;

using Attach = std::function<void(const Fd& socket)>;

// A way that a packet takes to the group, and what a link header is there.
struct Way {
    const char* name;
    bool lo;
};

class Choice : public GuestTest, public testing::WithParamInterface<std::tuple<Family, Way>> {
protected:
    Family family() const { return std::get<Family>(GetParam()); }
    bool lo() const { return std::get<Way>(GetParam()).lo; }
    std::size_t missing_header() const { return lo() ? ethernet_header : 0; }
    Address group() const {
        if (!lo())
            return pair_.b.at(family(), port);
        return {family() == Family::v4 ? "127.0.0.1" : "::1", port};
    }
    const Namespace& clients() const { return lo() ? pair_.b.ns : pair_.a.ns; }

    // Made one by one, for programs name them by their order; the first attaches.
    void add_member(const Helper::Body& body) {
        members_.emplace_back(pair_.b.ns, body);
        members_.back().wait();
    }
    void add_udp_member(const Address& at, bool reuse_port, const Attach& attach = {}) {
        add_member([=](Channel& test) {
            const Fd socket = udp_bound(at, reuse_port);
            if (attach)
                attach(socket);
            test.signal();
            test.wait();
            std::vector<char> buffer(payload);
            unsigned got = 0;
            while (::recv(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT) > 0)
                got++;
            test.send(got);
            test.wait();
        });
    }
    void add_tcp_member(const Address& at, bool reuse_port, const Attach& attach = {}) {
        add_member([=](Channel& test) {
            const Fd socket = tcp_listener(at, reuse_port);
            if (attach)
                attach(socket);
            test.signal();
            test.wait();
            check(::fcntl(socket.get(), F_SETFL, O_NONBLOCK), "fcntl");
            std::vector<Fd> connections;
            for (;;) {
                Fd connection(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
                if (connection.get() < 0)
                    break;
                connections.push_back(std::move(connection));
            }
            test.send(static_cast<unsigned>(connections.size()));
            test.wait();
        });
    }

    void send_datagrams() const {
        Helper(clients(), [&](Channel&) {
            for (unsigned i = 0; i < packets; i++)
                send_to(udp_socket(family()), group(), payload);
        }).join();
    }
    // Connections that carry nothing and stay.
    Helper connect() const {
        Helper client(clients(), [&](Channel& test) {
            std::vector<Fd> connections;
            for (unsigned i = 0; i < packets; i++)
                connections.push_back(tcp_connected(group()));
            test.signal();
            test.wait();
        });
        client.wait();
        return client;
    }

    // What each member received is credited to it.
    void expect_members(const std::function<Counters(std::uint64_t)>& of) {
        unsigned sum = 0;
        for (auto& member : members_) {
            member.signal();
            const auto got = member.receive<unsigned>();
            expect_process("a member that got " + std::to_string(got), member.pid(), of(got));
            sum += got;
        }
        compare("all members", packets, sum);
    }
    void expect_datagrams() {
        expect_members([&](std::uint64_t n) {
            return udp_in({n, n * (payload + udp_overhead(family()) - missing_header())});
        });
    }
    void expect_connections() {
        expect_members([&](std::uint64_t n) {
            const auto one = accepted_handshake(family());
            const auto skip = missing_header();
            return tcp({{n * one.out.packets, n * (one.out.bytes - skip)},
                        {n * one.in.packets, n * (one.in.bytes - 2 * skip)}});
        });
    }

    void try_udp(const Attach& attach, unsigned members = 3) {
        for (unsigned i = 0; i < members; i++)
            add_udp_member(group(), true, i == 0 ? attach : Attach{});
        std::this_thread::sleep_for(settle_);
        send_datagrams();
        expect_datagrams();
    }
    void try_tcp(const Attach& attach) {
        for (unsigned i = 0; i < 2; i++)
            add_tcp_member(group(), true, i == 0 ? attach : Attach{});
        const auto client = connect();
        expect_connections();
    }

    Pair& pair_ = standard_pair();
    std::vector<Helper> members_;
    // Until the module sees what programs choose.
    const milliseconds settle_{300};
};

std::string name_of(const testing::TestParamInfo<std::tuple<Family, Way>>& given) {
    return std::string(name(std::get<Family>(given.param))) + std::get<Way>(given.param).name;
}

// One instruction of a classic program.
sock_filter classic(int code, unsigned value) {
    return {static_cast<std::uint16_t>(code), 0, 0, value};
}

} // namespace

INSTANTIATE_TEST_SUITE_P(, Choice,
                         testing::Combine(testing::Values(Family::v4, Family::v6),
                                          testing::Values(Way{"", false}, Way{"Loopback", true})),
                         name_of);

TEST_P(Choice, UdpByTheHash) {
    try_udp({});
}

TEST_P(Choice, UdpClassicConstant) {
    try_udp([](const Fd& socket) { bpf::attach_classic(socket, {classic(BPF_RET | BPF_K, 1)}); });
}

// By the sender's port, which is read as a header that is far before the payload.
TEST_P(Choice, UdpClassicByHeader) {
    const unsigned network = static_cast<unsigned>(SKF_NET_OFF) + ip_header(family());
    try_udp([=](const Fd& socket) {
        bpf::attach_classic(socket,
                            {classic(BPF_LD | BPF_H | BPF_ABS, network),
                             classic(BPF_ALU | BPF_MOD | BPF_K, 3), classic(BPF_RET | BPF_A, 0)});
    });
}

// By its length, which is that behind the UDP header; a member that does not exist is one by hash.
TEST_P(Choice, UdpClassicByLength) {
    try_udp([](const Fd& socket) {
        bpf::attach_classic(socket, {classic(BPF_LD | BPF_W | BPF_LEN, 0),
                                     classic(BPF_ALU | BPF_SUB | BPF_K, payload - 2),
                                     classic(BPF_RET | BPF_A, 0)});
    });
}

TEST_P(Choice, UdpClassicOutOfRange) {
    try_udp([](const Fd& socket) { bpf::attach_classic(socket, {classic(BPF_RET | BPF_K, 99)}); });
}

TEST_P(Choice, UdpClassicRandom) {
    const unsigned random = static_cast<unsigned>(SKF_AD_OFF) + SKF_AD_RANDOM;
    try_udp([=](const Fd& socket) {
        bpf::attach_classic(socket,
                            {classic(BPF_LD | BPF_W | BPF_ABS, random),
                             classic(BPF_ALU | BPF_MOD | BPF_K, 3), classic(BPF_RET | BPF_A, 0)});
    });
}

TEST_P(Choice, UdpInTurn) {
    const bpf::Counter counter;
    try_udp([&](const Fd& socket) { bpf::attach(socket, bpf::round_robin(counter, 3)); });
    compare("runs of the program", std::uint64_t{packets}, counter.value());
}

TEST_P(Choice, TcpByTheHash) {
    try_tcp({});
}

TEST_P(Choice, TcpClassicConstant) {
    try_tcp([](const Fd& socket) { bpf::attach_classic(socket, {classic(BPF_RET | BPF_K, 1)}); });
}

TEST_P(Choice, TcpInTurn) {
    const bpf::Counter counter;
    try_tcp([&](const Fd& socket) { bpf::attach(socket, bpf::round_robin(counter, 2)); });
    compare("runs of the program", std::uint64_t{packets}, counter.value());
}

TEST_P(Choice, UdpOfNamespace) {
    const bpf::Counter counter;
    const bpf::Sockets sockets(2);
    for (unsigned i = 0; i < 2; i++)
        add_udp_member(group().with_port(port + 1 + i), false,
                       [&](const Fd& socket) { sockets.set(i, socket.get()); });
    const Fd link = bpf::attach_lookup(pair_.b.ns, bpf::round_robin_lookup(counter, sockets, port));
    std::this_thread::sleep_for(settle_);
    send_datagrams();
    expect_datagrams();
    compare("runs of the program", std::uint64_t{packets}, counter.value());
}

TEST_P(Choice, TcpOfNamespace) {
    const bpf::Counter counter;
    const bpf::Sockets sockets(2);
    for (unsigned i = 0; i < 2; i++)
        add_tcp_member(group().with_port(port + 1 + i), false,
                       [&](const Fd& socket) { sockets.set(i, socket.get()); });
    const Fd link = bpf::attach_lookup(pair_.b.ns, bpf::round_robin_lookup(counter, sockets, port));
    const auto client = connect();
    expect_connections();
    compare("runs of the program", std::uint64_t{packets}, counter.value());
}

// The stack gives a datagram for a group to all and asks no program, however many there are.
TEST_P(Choice, GroupAsksNobody) {
    if (lo())
        GTEST_SKIP() << "a group is not on lo";
    const bpf::Counter counter;
    const bpf::Sockets sockets(2);
    Helper crowd(pair_.b.ns, [&](Channel& test) {
        std::vector<Fd> others;
        for (unsigned i = 0; i < 300; i++)
            others.push_back(
                udp_bound(Address(family() == Family::v4 ? "127.0.0.1" : "::1", port), true));
        test.signal();
        test.wait();
    });
    crowd.wait();
    const Fd link = bpf::attach_lookup(pair_.b.ns, bpf::round_robin_lookup(counter, sockets, port));
    std::this_thread::sleep_for(settle_);
    Helper(clients(), [&](Channel&) {
        const Fd socket = udp_socket(family());
        set_option(socket, SOL_SOCKET, SO_BROADCAST, 1);
        if (family() == Family::v6)
            set_option(socket, IPPROTO_IPV6, IPV6_MULTICAST_IF,
                       static_cast<int>(::if_nametoindex("v0")));
        send_to(socket, Address(family() == Family::v4 ? "10.0.0.255" : "ff02::1", port), payload,
                packets);
    }).join();
    std::this_thread::sleep_for(settle_);
    compare("runs of the program", std::uint64_t{0}, counter.value());
}
