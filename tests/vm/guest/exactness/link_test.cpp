// SPDX-License-Identifier: GPL-2.0-only
// Each kind of interface counts bytes in its own way: what tasks and classes carried through it is
// what it counted itself, both ways.
#include "exactness/link.h"

#include "lib/command.h"

using namespace guest;

namespace {

class Link : public LinkTest {
protected:
    // The arguments of "ip link add" on one side: outer addresses of its own and its peer.
    using Kind = std::function<std::string(const std::string& own, const std::string& peer)>;

    // False when this machine has no such interface.
    static bool add(const Pair& pair, const Kind& kind, Family outer, Frames frames) {
        return make(pair, [&](const Side& side, bool is_a) {
            const auto at = [&](bool first) -> std::string {
                if (outer == Family::v4)
                    return first ? "10.0.0.1" : "10.0.0.2";
                return first ? "fd00::1" : "fd00::2";
            };
            std::string line = std::string("link add ") + own_device;
            if (frames == Frames::ethernet)
                line += " address " + mac(is_a);
            side.ns.ip(line + " type " + kind(at(is_a), at(!is_a)) + "\n");
        });
    }

    void compare_kind(const Kind& kind, Family outer, Frames frames,
                      Outer carrying = Outer::other) {
        const Pair pair;
        if (!add(pair, kind, outer, frames))
            GTEST_SKIP() << "no such interface in this kernel";
        raise(pair, frames);
        compare_devices(pair, carrying);
    }

    // One of a fixed type with nothing but addresses.
    void compare_tunnel(const std::string& type, Family outer, Frames frames,
                        const std::string& more = {}, Outer carrying = Outer::other) {
        compare_kind(
            [&](const std::string& own, const std::string& peer) {
                return type + " local " + own + " remote " + peer + " " + more;
            },
            outer, frames, carrying);
    }
};

class Wireguard : public Link {
protected:
    // False without wireguard.
    static bool join(const Pair& pair, Family outer = Family::v4) {
        const auto plain = [](const auto&, const auto&) { return std::string("wireguard"); };
        if (!add(pair, plain, outer, Frames::none))
            return false;
        const auto key_a = key();
        const auto key_b = key();
        const bool is_v4 = outer == Family::v4;
        configure(pair.a, key_a, key_b, is_v4 ? "10.0.0.2" : "[fd00::2]",
                  "10.5.0.2/32,fd05::2/128");
        configure(pair.b, key_b, key_a, is_v4 ? "10.0.0.1" : "[fd00::1]",
                  "10.5.0.1/32,fd05::1/128");
        return true;
    }

    // Both have a session afterwards, and their interfaces have counted all of it.
    void shake_hands(const Pair& pair) const {
        Helper server(pair.b.ns, [&](Channel& test) {
            const Fd socket = udp_bound(inner());
            test.send(Address::local_of(socket.get()).port());
            echo(socket);
            test.signal();
            test.wait();
        });
        const auto to = inner().with_port(server.receive<std::uint16_t>());
        Helper client(pair.a.ns, [&](Channel& test) {
            const Fd socket = udp_socket(family());
            send_to(socket, to, 100);
            receive(socket);
            test.signal();
            test.wait();
        });
        client.wait();
        server.wait();
        eventually(
            [&] {
                const auto a = device_counters(pair.a.ns, own_device);
                const auto b = device_counters(pair.b.ns, own_device);
                return a.out == b.in && b.out == a.in;
            },
            settling);
    }

private:
    static std::string key() {
        auto text = guest::run({"wg", "genkey"});
        text.erase(text.find_last_not_of('\n') + 1);
        return text;
    }
    static void configure(const Side& side, const std::string& own, const std::string& peer,
                          const std::string& endpoint, const std::string& allowed) {
        auto peer_public = guest::run({"wg", "pubkey"}, peer);
        peer_public.erase(peer_public.find_last_not_of('\n') + 1);
        const Inside inside(side.ns);
        guest::run({"wg", "set", own_device, "listen-port", "51820", "private-key",
                    "/proc/self/fd/0", "peer", peer_public, "endpoint", endpoint + ":51820",
                    "allowed-ips", allowed},
                   own);
    }
};

} // namespace

BOTH_FAMILIES(Link);
BOTH_FAMILIES(Wireguard);

TEST_P(Link, Gretap) {
    compare_tunnel("gretap", Family::v4, Frames::ethernet);
}

TEST_P(Link, Erspan) {
    compare_tunnel("erspan", Family::v4, Frames::ethernet, "seq key 1 erspan_ver 1 erspan 1");
}

TEST_P(Link, Ip6Gretap) {
    compare_tunnel("ip6gretap", Family::v6, Frames::ethernet);
}

TEST_P(Link, Ip6Erspan) {
    compare_tunnel("ip6erspan", Family::v6, Frames::ethernet, "seq key 1 erspan_ver 1 erspan 1");
}

TEST_P(Link, Gre) {
    compare_tunnel("gre", Family::v4, Frames::none);
}

TEST_P(Link, Ip6Gre) {
    compare_tunnel("ip6gre", Family::v6, Frames::none);
}

TEST_P(Link, Ip6Tunnel) {
    compare_tunnel("ip6tnl", Family::v6, Frames::none, "mode any");
}

TEST_P(Link, OverIpv4) {
    compare_tunnel(family() == Family::v4 ? "ipip" : "sit", Family::v4, Frames::none);
}

TEST_P(Link, Vxlan) {
    compare_tunnel("vxlan id 9 dstport 4789 nolearning dev v0", Family::v4, Frames::ethernet, {},
                   Outer::udp);
}

TEST_P(Link, VxlanOverIpv6) {
    compare_tunnel("vxlan id 9 dstport 4789 nolearning dev v0", Family::v6, Frames::ethernet, {},
                   Outer::udp);
}

TEST_P(Link, Geneve) {
    compare_kind([](const auto&, const auto& peer) { return "geneve id 9 remote " + peer; },
                 Family::v4, Frames::ethernet, Outer::udp);
}

TEST_P(Link, GeneveOverIpv6) {
    compare_kind([](const auto&, const auto& peer) { return "geneve id 9 remote " + peer; },
                 Family::v6, Frames::ethernet, Outer::udp);
}

TEST_P(Link, Bond) {
    const Pair pair;
    const auto bond = [](const auto&, const auto&) { return "bond mode active-backup"; };
    ASSERT_TRUE(add(pair, bond, Family::v4, Frames::ethernet));
    for (const auto* side : {&pair.a, &pair.b})
        side->ns.ip("link set v0 down\nlink set v0 master l0\n");
    raise(pair, Frames::ethernet);
    compare_devices(pair);
}

TEST_P(Wireguard, FillsPackets) {
    const Pair pair;
    if (!join(pair))
        GTEST_SKIP() << "no wireguard in this kernel";
    raise(pair, Frames::none);
    shake_hands(pair);
    compare_devices(pair, Outer::udp);
}

TEST_P(Wireguard, FillsPacketsOverIpv6) {
    const Pair pair;
    if (!join(pair, Family::v6))
        GTEST_SKIP() << "no wireguard in this kernel";
    raise(pair, Frames::none);
    shake_hands(pair);
    compare_devices(pair, Outer::udp);
}

// It cuts what is offloaded itself, and counts the segments.
TEST_P(Wireguard, Offloaded) {
    const Pair pair;
    if (!join(pair))
        GTEST_SKIP() << "no wireguard in this kernel";
    raise(pair, Frames::none, true);
    shake_hands(pair);
    compare_devices(pair);
}
