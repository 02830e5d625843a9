// SPDX-License-Identifier: GPL-2.0-only
// L2TP in UDP: what its interface carries is the program's, and the datagrams that carry it are the
// kernel's, by a socket that it has made or that a daemon gave it: then also the daemon's own. One
// that the daemon has used before stays the daemon's, with what the tunnel carries by it.
#include "lib/guest_test.h"

#include <linux/l2tp.h>
#include <stdexcept>

#include "lib/generic_netlink.h"

using namespace guest;

namespace {

constexpr std::uint16_t port = 1701;
constexpr auto mac_a = "02:00:00:00:05:0a";
constexpr auto mac_b = "02:00:00:00:05:0b";
// What a message between daemons begins with: it has a length and numbers, version 3.
constexpr std::uint8_t message_start[] = {0xc8, 0x03};
constexpr std::size_t message_size = 60;
// L2TP's header, which the interface counts for what it receives.
constexpr std::size_t header_in = 12;

class L2tp : public FamilyTest {
protected:
    void SetUp() override {
        FamilyTest::SetUp();
        try {
            pair_.a.ns.run("modprobe -a l2tp_core l2tp_netlink l2tp_eth");
        } catch (const std::runtime_error&) {
            GTEST_SKIP() << "no L2TP in this kernel";
        }
    }

    Address inner() const { return {v4() ? "10.5.0.2" : "fd05::2", 0}; }
    const Side& peer_of(const Side& side) const { return &side == &pair_.a ? pair_.b : pair_.a; }

    // The interface of a tunnel that is there.
    void add_session(const Side& side) const {
        const bool is_a = &side == &pair_.a;
        const std::string own = is_a ? "1" : "2";
        const std::string peer = is_a ? "2" : "1";
        side.ns.ip("l2tp add session name l0 tunnel_id 1 session_id 1 peer_session_id 1\n"
                   "link set l0 addrgenmode none address " +
                   std::string(is_a ? mac_a : mac_b) + "\nlink set l0 up\n");
        set_offloads(side.ns, "l0", false);
        add_address(side.ns, "l0", "10.5.0." + own + "/24");
        add_address(side.ns, "l0", "fd05::" + own + "/64");
        add_neighbour(side.ns, "l0", "10.5.0." + peer, is_a ? mac_b : mac_a);
        add_neighbour(side.ns, "l0", "fd05::" + peer, is_a ? mac_b : mac_a);
    }

    static void send_message(const Fd& socket) {
        std::uint8_t message[message_size] = {message_start[0], message_start[1], 0, message_size};
        if (check(::send(socket.get(), message, sizeof(message), 0), "message") != sizeof(message))
            fail("message");
    }

    // A daemon that hands its socket to the kernel when told, and goes on with it: at each step it
    // sends a message, at the next it takes that of the other one.
    Helper daemon(const Side& side, bool late) const {
        return {side.ns, [this, &side, late](Channel& test) {
                    const Fd socket = udp_bound(side.at(family(), port));
                    const auto to = peer_of(side).at(family(), port);
                    check(::connect(socket.get(), to.get(), to.size()), "connect");
                    const auto step = [&] { // what is in between can take longer than patience
                        test.signal();
                        eventually([&] { return test.ready(1); }, 10 * patience);
                        test.wait();
                    };
                    const auto exchange = [&] {
                        step();
                        send_message(socket);
                        step();
                        receive(socket);
                    };
                    if (late)
                        exchange();
                    hand_over(socket);
                    for (;;)
                        exchange();
                }};
    }
    static void hand_over(const Fd& socket) {
        NetlinkMessage tunnel;
        tunnel.add(L2TP_ATTR_CONN_ID, std::uint32_t{1})
            .add(L2TP_ATTR_PEER_CONN_ID, std::uint32_t{1})
            .add(L2TP_ATTR_PROTO_VERSION, std::uint8_t{3})
            .add(L2TP_ATTR_ENCAP_TYPE, std::uint16_t{L2TP_ENCAPTYPE_UDP})
            .add(L2TP_ATTR_FD, static_cast<std::uint32_t>(socket.get()));
        NetlinkFamily(L2TP_GENL_NAME).request(L2TP_CMD_TUNNEL_CREATE, tunnel, "a tunnel of L2TP");
    }
    static void exchange(Helper& one, Helper& other) {
        for (auto* daemon : {&one, &other})
            daemon->step();
        for (auto* daemon : {&one, &other})
            daemon->step();
    }

    Traffic carriers() const { return pair_.a.carried() + pair_.b.carried(); }

    // A connection and datagrams; what carries them is named by the function.
    template <class Carrying>
    void compare_tunnel(const std::string& who, Carrying carrying) {
        const auto interfaces = [&] {
            return device_counters(pair_.a.ns, "l0") + device_counters(pair_.b.ns, "l0");
        };
        const auto inner_before = interfaces();
        const auto outer_before = carriers();
        const Counters before = carrying();
        TcpParties tcp_parties(pair_.a.ns, pair_.b.ns, inner(), {family(), 100000, 20000, 1});
        tcp_parties.run();
        UdpParties udp_parties(pair_.a.ns, pair_.b.ns, inner());
        udp_parties.send({1, 100, 500, 1240, 1372, 1384, 3000, 9000});
        compare_settled(
            "programs",
            [&] {
                auto carried = interfaces() - inner_before;
                carried.in.bytes -= carried.in.packets * header_in;
                return carried;
            },
            [&] {
                Traffic sum;
                for (const auto* helper : {&tcp_parties.client, &tcp_parties.server,
                                           &udp_parties.sender, &udp_parties.receiver})
                    sum = sum + ctl.process_counters(helper->pid()).both();
                return sum;
            });
        compare_settled(
            who, [&] { return udp(carriers() - outer_before); },
            [&] { return carrying() - before; });
    }
    static Counters kernel() { return module::counters("kernel"); }

    const Pair pair_;
};

} // namespace

BOTH_FAMILIES(L2tp);

TEST_P(L2tp, SocketOfTheKernel) {
    for (const auto* side : {&pair_.a, &pair_.b}) {
        const bool is_a = side == &pair_.a;
        const std::string a = v4() ? "10.0.0.1" : "fd00::1";
        const std::string b = v4() ? "10.0.0.2" : "fd00::2";
        side->ns.ip("l2tp add tunnel tunnel_id 1 peer_tunnel_id 1 encap udp local " +
                    (is_a ? a : b) + " remote " + (is_a ? b : a) +
                    " udp_sport 1701 udp_dport 1701\n");
        add_session(*side);
    }
    compare_tunnel("kernel", kernel);
}

TEST_P(L2tp, SocketOfADaemon) {
    const auto kernel_before = kernel();
    const auto outer_before = carriers();
    Helper a = daemon(pair_.a, false);
    Helper b = daemon(pair_.b, false);
    for (auto* daemon : {&a, &b})
        daemon->wait();
    for (const auto* side : {&pair_.a, &pair_.b})
        add_session(*side);
    exchange(a, b);
    compare_tunnel("kernel", kernel);
    exchange(a, b);
    compare_settled(
        "kernel, with messages", [&] { return udp(carriers() - outer_before); },
        [&] { return kernel() - kernel_before; });
}

TEST_P(L2tp, SocketThatADaemonHasUsed) {
    Helper a = daemon(pair_.a, true);
    Helper b = daemon(pair_.b, true);
    for (auto* daemon : {&a, &b})
        daemon->wait();
    exchange(a, b);
    const auto one = datagrams(family(), 1, message_size);
    const auto both = [&] { return ctl.process_counters(a.pid()) + ctl.process_counters(b.pid()); };
    compare_soon("daemons", udp({one + one, one + one}), both);
    for (const auto* side : {&pair_.a, &pair_.b})
        add_session(*side);
    compare_tunnel("daemons, with the tunnel", both);
    if (!v4())
        return; // once is enough
    // Of a socket that rests for three collections nothing is remembered.
    std::this_thread::sleep_for(milliseconds(25000));
    compare_tunnel("kernel, after a rest", kernel);
}
