// SPDX-License-Identifier: GPL-2.0-only
// Tunnels that the kernel puts into UDP: what the tunnel's interface carries is the program's, as
// that interface counts it, and the datagrams that carry it are the kernel's, both ways.
#include "lib/guest_test.h"

#include <stdexcept>

using namespace guest;

namespace {

constexpr auto tunnel_port = "5555";

class UdpTunnel : public FamilyTest {
protected:
    Address inner() const { return {v4() ? "10.5.0.2" : "fd05::2", 0}; }

    // False where this kernel has no such tunnel.
    static bool try_ip(const Namespace& ns, const std::string& lines) {
        try {
            ns.ip(lines);
        } catch (const std::runtime_error& error) {
            std::cout << error.what() << '\n';
            return false;
        }
        return true;
    }

    // An interface l0 on both sides, and what takes its packets out of UDP again; the latter is
    // told how by words like "gue" or "ipproto 4".
    static bool add(const Pair& pair, const std::string& type, const std::string& encap,
                    const std::string& receiver, Family outer) {
        try {
            pair.a.ns.run("modprobe -a fou fou6 ipip sit ip_gre ip6_gre ip6_tunnel");
        } catch (const std::runtime_error& error) {
            std::cout << error.what() << '\n';
            return false;
        }
        for (const auto* side : {&pair.a, &pair.b}) {
            const auto& peer = side == &pair.a ? pair.b : pair.a;
            const bool is_v4 = outer == Family::v4;
            const auto text = [&](const Side& of) -> std::string {
                const bool is_a = &of == &pair.a;
                if (is_v4)
                    return is_a ? "10.0.0.1" : "10.0.0.2";
                return is_a ? "fd00::1" : "fd00::2";
            };
            if (!try_ip(side->ns, std::string("fou add port ") + tunnel_port + " " + receiver +
                                      (is_v4 ? "\n" : " -6\n")) ||
                !try_ip(side->ns, "link add l0 type " + type + " local " + text(*side) +
                                      " remote " + text(peer) + " encap " + encap +
                                      " encap-sport auto encap-dport " + tunnel_port + "\n"))
                return false;
        }
        return true;
    }

    static void raise(const Pair& pair, bool offloads) {
        for (const auto* side : {&pair.a, &pair.b}) {
            const std::string own = side == &pair.a ? "1" : "2";
            side->ns.ip("link set l0 addrgenmode none\nlink set l0 up\n");
            set_offloads(side->ns, "l0", offloads);
            add_address(side->ns, "l0", "10.5.0." + own + "/24");
            add_address(side->ns, "l0", "fd05::" + own + "/64");
        }
    }

    // A connection and datagrams, also such that are cut.
    void compare_tunnel(const Pair& pair, bool offloads = false) {
        raise(pair, offloads);
        Ledger ledger({[&] { return device_counters(pair.a.ns, "l0"); },
                       [&] { return device_counters(pair.b.ns, "l0"); }});
        const auto carriers = [&] { return pair.a.carried() + pair.b.carried(); };
        const auto before = carriers();
        TcpParties tcp_parties(pair.a.ns, pair.b.ns, inner(), {family(), 100000, 20000, 1});
        tcp_parties.run();
        UdpParties udp_parties(pair.a.ns, pair.b.ns, inner());
        udp_parties.send({1, 100, 500, 1240, 1372, 1384, 3000, 9000});
        if (!offloads)
            compare_settled(
                "programs", [&] { return ledger.carried(); },
                [&] { return ledger.credited().both() - ledger.in_class("kernel").both(); });
        compare_settled(
            "kernel", [&] { return udp(carriers() - before); },
            [&] { return ledger.in_class("kernel"); });
    }

    void compare_kind(const std::string& type, const std::string& encap,
                      const std::string& receiver, Family outer) {
        const Pair pair;
        if (!add(pair, type, encap, receiver, outer))
            GTEST_SKIP() << "no " << type << " in " << encap << " in this kernel";
        compare_tunnel(pair);
    }
};

} // namespace

BOTH_FAMILIES(UdpTunnel);

TEST_P(UdpTunnel, Fou) {
    if (v4())
        compare_kind("ipip", "fou", "ipproto 4", Family::v4);
    else
        compare_kind("sit", "fou", "ipproto 41", Family::v4);
}

TEST_P(UdpTunnel, FouOfGre) {
    compare_kind("gre", "fou", "ipproto 47", Family::v4);
}

TEST_P(UdpTunnel, Gue) {
    compare_kind(v4() ? "ipip" : "sit", "gue", "gue", Family::v4);
}

TEST_P(UdpTunnel, GueOfGre) {
    compare_kind("gre", "gue", "gue", Family::v4);
}

// With a header of options before that of UDP, too.
TEST_P(UdpTunnel, FouOverIpv6) {
    compare_kind(v4() ? "ip6tnl mode ipip6" : "ip6tnl mode ip6ip6", "fou",
                 v4() ? "ipproto 4" : "ipproto 41", Family::v6);
}

TEST_P(UdpTunnel, GueOverIpv6) {
    compare_kind("ip6tnl mode any encaplimit none", "gue", "gue", Family::v6);
}

TEST_P(UdpTunnel, FouOfGreOverIpv6) {
    compare_kind("ip6gre", "fou", "ipproto 47", Family::v6);
}

// What is inside is then cut below the tunnel, which counts it as one.
TEST_P(UdpTunnel, Offloaded) {
    const Pair pair;
    if (!add(pair, v4() ? "ipip" : "sit", "fou", v4() ? "ipproto 4" : "ipproto 41", Family::v4))
        GTEST_SKIP() << "no FOU in this kernel";
    compare_tunnel(pair, true);
}
