// SPDX-License-Identifier: GPL-2.0-only
// Packets that IPsec transforms pass the hooks twice, and count once: as the device carries them,
// for the program that caused them, as the protocol that it uses.
#include "lib/guest_test.h"

#include <array>
#include <linux/udp.h>

#include "lib/command.h"
#include "lib/packet.h"
#include "lib/turns.h"

using namespace guest;

namespace {

constexpr std::uint16_t ike_port = 4500;

struct Security {
    std::string mode = "transport";
    std::string protocol = "esp";
    bool in_udp = false;
    bool gcm = false;
    std::string more = {}; // arguments of each state, and of each policy's template
    std::string policy = {};
};

class Ipsec : public FamilyTest {
protected:
    void SetUp() override {
        FamilyTest::SetUp();
        // A kernel that has one built in needs no modprobe.
        for (const auto* name : {"xfrm_user",
                                 "esp4",
                                 "esp6",
                                 "ah4",
                                 "ah6",
                                 "authenc",
                                 "crypto_null",
                                 "aes_generic",
                                 "aesni_intel",
                                 "cbc",
                                 "ctr",
                                 "ghash_generic",
                                 "gcm",
                                 "hmac",
                                 "sha256_generic",
                                 "sha512_generic",
                                 "ecb",
                                 "jitterentropy_rng",
                                 "drbg",
                                 "echainiv",
                                 "seqiv"})
            guest::run({"sh", "-c", std::string("modprobe -q ") + name + " || true"});
    }

    std::string address(bool first) const {
        if (v4())
            return first ? "10.0.0.1" : "10.0.0.2";
        return first ? "fd00::1" : "fd00::2";
    }

    // States and policies between two hosts, for what their addresses send.
    static void secure(const Namespace& a, const Namespace& b, const std::string& at_a,
                       const std::string& at_b, const Security& how) {
        for (const auto* ns : {&a, &b})
            ns->ip(state(at_a, at_b, "1", how) + state(at_b, at_a, "2", how));
    }
    // Those that carry another family say for which addresses they are, each for its direction.
    static void secure_for(const Namespace& a, const Namespace& b, const std::string& at_a,
                           const std::string& at_b, const std::string& from, const std::string& to,
                           Security how) {
        const auto all = how.more;
        how.more = all + " sel src " + from + " dst " + to;
        auto lines = state(at_a, at_b, "1", how);
        how.more = all + " sel src " + to + " dst " + from;
        lines += state(at_b, at_a, "2", how);
        for (const auto* ns : {&a, &b})
            ns->ip(lines);
    }
    static void require(const Namespace& a, const Namespace& b, const std::string& at_a,
                        const std::string& at_b, const std::string& from, const std::string& to,
                        const Security& how) {
        a.ip(policy(from, to, "out", at_a, at_b, "1", how) +
             policy(to, from, "in", at_b, at_a, "2", how));
        b.ip(policy(to, from, "out", at_b, at_a, "2", how) +
             policy(from, to, "in", at_a, at_b, "1", how));
        if (how.in_udp)
            for (const auto* ns : {&a, &b})
                ns->ip(bypass(at_a, at_b) + bypass(at_b, at_a));
    }
    void connect(const Pair& pair, const Security& how) const {
        secure(pair.a.ns, pair.b.ns, address(true), address(false), how);
        require(pair.a.ns, pair.b.ns, address(true), address(false), address(true), address(false),
                how);
    }

    // Datagrams and a connection: what each program is credited with, and all of them together.
    void converse(const Pair& pair,
                  const std::vector<std::size_t>& sizes = {1, 2, 3, 4, 5, 100, 1240, 1372, 1400,
                                                           1430, 3000, 4000, 9000}) const {
        Ledger ledger(pair.a, pair.b);
        UdpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()));
        const auto a_before = pair.a.carried();
        const auto b_before = pair.b.carried();
        parties.send(sizes);
        compare_settled(
            "sender", [&] { return udp(pair.a.carried() - a_before); },
            [&] { return ctl.process_counters(parties.sender.pid()); });
        compare_settled(
            "receiver", [&] { return udp(pair.b.carried() - b_before); },
            [&] { return ctl.process_counters(parties.receiver.pid()); });
        const auto a_then = pair.a.carried();
        const auto b_then = pair.b.carried();
        TcpParties tcp_parties(pair.a.ns, pair.b.ns, pair.b.at(family()),
                               {family(), 100000, 20000, 1});
        tcp_parties.run();
        // What comes for a connection in TIME_WAIT, and its answer, have no socket.
        compare_settled(
            "client and server",
            [&] { return tcp(pair.a.carried() - a_then + (pair.b.carried() - b_then)); },
            [&] {
                return ctl.process_counters(tcp_parties.client.pid()) +
                       ctl.process_counters(tcp_parties.server.pid()) + ledger.in_class("nosocket");
            });
        ledger.compare();
    }

    void converse_by(const Security& how) const {
        const Pair pair;
        connect(pair, how);
        converse(pair);
    }

    // An IKE daemon as far as the kernel knows: its socket gives what is not IKE to IPsec.
    static void serve_ike(Channel& test, const Address& at) {
        const Fd socket = udp_bound(at.with_port(ike_port));
        set_option(socket, IPPROTO_UDP, UDP_ENCAP, UDP_ENCAP_ESPINUDP);
        test.signal();
        for (;;) {
            const auto message = test.receive<std::array<char, 2>>();
            std::vector<char> bytes(static_cast<std::size_t>(message[0]), message[1]);
            auto to = test.receive<Address>();
            check(::sendto(socket.get(), bytes.data(), bytes.size(), 0, to.get(), to.size()),
                  "sendto");
            test.signal();
        }
    }

private:
    static std::string key(char digit, unsigned bytes) {
        return "0x" + std::string(2 * static_cast<std::size_t>(bytes), digit);
    }
    static std::string state(const std::string& from, const std::string& to,
                             const std::string& number, const Security& how) {
        std::string line = "xfrm state add src " + from + " dst " + to + " proto " + how.protocol +
                           " spi 0x100" + number + " reqid " + number + " mode " + how.mode;
        if (how.gcm)
            line += " aead rfc4106(gcm(aes)) " + key('2', 20) + " 128";
        else
            line += " auth hmac(sha256) " + key('1', 32);
        if (!how.gcm && how.protocol == "esp")
            line += " enc cbc(aes) " + key('2', 16);
        if (how.in_udp)
            line += " encap espinudp 4500 4500 0.0.0.0";
        return line + " " + how.more + "\n";
    }
    static std::string policy(const std::string& from, const std::string& to,
                              const std::string& direction, const std::string& outer_from,
                              const std::string& outer_to, const std::string& number,
                              const Security& how) {
        return "xfrm policy add src " + from + " dst " + to + " dir " + direction +
               " priority 100 " + how.policy + " tmpl src " + outer_from + " dst " + outer_to +
               " proto " + how.protocol + " reqid " + number + " mode " + how.mode + "\n";
    }
    // What the daemons themselves say to each other.
    static std::string bypass(const std::string& from, const std::string& to) {
        std::string lines;
        for (const auto* direction : {"in", "out"})
            lines += "xfrm policy add src " + from + " dst " + to + " proto udp dport 4500 dir " +
                     direction + " priority 1 action allow\n";
        return lines;
    }
};

// Suites of their own, for each has a time limit.
class IpsecOffload : public Ipsec {};
class IpsecTunnel : public Ipsec {};

} // namespace

BOTH_FAMILIES(Ipsec);
BOTH_FAMILIES(IpsecOffload);
BOTH_FAMILIES(IpsecTunnel);

TEST_P(Ipsec, Transport) {
    converse_by({});
}

TEST_P(Ipsec, TransportOfStreamCipher) {
    Security how;
    how.gcm = true;
    converse_by(how);
}

TEST_P(Ipsec, Tunnel) {
    Security how;
    how.mode = "tunnel";
    converse_by(how);
}

TEST_P(Ipsec, TunnelOfStreamCipher) {
    Security how;
    how.mode = "tunnel";
    how.gcm = true;
    converse_by(how);
}

TEST_P(Ipsec, Authenticated) {
    Security how;
    how.protocol = "ah";
    converse_by(how);
}

// What is in the datagrams is the programs', and only what the IKE daemons say is theirs.
TEST_P(IpsecOffload, InDatagrams) {
    for (const auto* mode : {"transport", "tunnel"}) {
        const Pair pair;
        Security how;
        how.mode = mode;
        how.in_udp = true;
        connect(pair, how);
        Helper ike_a(pair.a.ns, [&](Channel& test) { serve_ike(test, Address::any(family(), 0)); });
        Helper ike_b(pair.b.ns, [&](Channel& test) { serve_ike(test, Address::any(family(), 0)); });
        ike_a.wait();
        ike_b.wait();
        converse(pair);
        expect_process(std::string(mode) + ": IKE daemon", ike_a.pid(), {});
        expect_process(std::string(mode) + ": its peer", ike_b.pid(), {});

        // A message begins with zeros; one byte of ones keeps a NAT open.
        const auto say = [](Helper& daemon, const Address& to, char size, char byte) {
            daemon.send(std::array<char, 2>{size, byte});
            daemon.send(to);
            daemon.wait();
        };
        for (int i = 0; i < 3; i++)
            say(ike_a, pair.b.at(family(), ike_port), 100, 0);
        say(ike_a, pair.b.at(family(), ike_port), 1, '\xff');
        say(ike_b, pair.a.at(family(), ike_port), 120, 0);
        const auto there = datagrams(family(), 3, 100) + datagrams(family(), 1, 1);
        const auto back = datagrams(family(), 1, 120);
        expect_process(std::string(mode) + ": IKE daemon, own", ike_a.pid(), udp({there, back}));
        expect_process(std::string(mode) + ": its peer, own", ike_b.pid(), udp({back, there}));
    }
}

// Segments are cut before they are encrypted, and what is decrypted is put together.
TEST_P(IpsecOffload, Offloaded) {
    for (const auto* mode : {"transport", "tunnel"}) {
        const Pair pair;
        Security how;
        how.mode = mode;
        connect(pair, how);
        pair.offloads(true);
        converse(pair);
    }
}

// Encrypted below the stack, by what stands in for a card that can.
TEST_P(IpsecOffload, EncryptedByTheDevice) {
    const std::string name = v4() ? "esp4_offload" : "esp6_offload";
    guest::run({"modprobe", name});
    for (const auto* mode : {"transport", "tunnel"}) {
        for (const bool gcm : {false, true}) {
            const Pair pair;
            Security how;
            how.mode = mode;
            how.gcm = gcm;
            connect(pair, how);
            pair.offloads(true);
            converse(pair);
        }
    }
    // States that use it go with their namespaces, some time later.
    eventually(
        [&] {
            try {
                guest::run({"rmmod", name});
            } catch (const std::runtime_error&) {
                return false;
            }
            return true;
        },
        settling);
}

TEST_P(IpsecTunnel, TunnelOfTheOtherFamily) {
    const Pair pair;
    const bool v6_outside = v4();
    const std::string at_a = v6_outside ? "fd00::1" : "10.0.0.1";
    const std::string at_b = v6_outside ? "fd00::2" : "10.0.0.2";
    Security how;
    how.mode = "tunnel";
    secure_for(pair.a.ns, pair.b.ns, at_a, at_b, address(true), address(false), how);
    require(pair.a.ns, pair.b.ns, at_a, at_b, address(true), address(false), how);
    converse(pair);
}

// What a gateway encrypts or decrypts for others it neither sends nor receives.
TEST_P(IpsecTunnel, Gateway) {
    for (const bool in_udp : {false, true}) {
        const Route route;
        const std::string at_router = v4() ? "10.0.2.254" : "fd02::fe";
        const std::string at_a = v4() ? "10.0.1.1" : "fd01::1";
        const std::string at_b = v4() ? "10.0.2.1" : "fd02::1";
        Security how;
        how.mode = "tunnel";
        how.in_udp = in_udp;
        secure(route.router, route.b.ns, at_router, at_b, how);
        require(route.router, route.b.ns, at_router, at_b, at_a, at_b, how);
        route.router.ip("xfrm policy add src " + at_b + " dst " + at_a +
                        " dir fwd priority 100 tmpl src " + at_b + " dst " + at_router +
                        " proto esp reqid 2 mode tunnel\n");
        Helper ike_router(route.router,
                          [&](Channel& test) { serve_ike(test, Address::any(family(), 0)); });
        Helper ike_b(route.b.ns,
                     [&](Channel& test) { serve_ike(test, Address::any(family(), 0)); });
        ike_router.wait();
        ike_b.wait();
        Ledger ledger(route.a, route.b);
        TcpParties tcp_parties(route.a.ns, route.b.ns, route.b.at(family()),
                               {family(), 50000, 20000, 1});
        tcp_parties.run();
        UdpParties parties(route.a.ns, route.b.ns, route.b.at(family()));
        parties.send({1, 100, 1240});
        ledger.compare(in_udp ? "in datagrams" : "plain");
        expect_process("gateway's IKE daemon", ike_router.pid(), {});
    }
}

// A tunnel in IPsec is the kernel's, and counts as it leaves; what is in it, as its device counts.
TEST_P(IpsecTunnel, AroundAnotherTunnel) {
    const Pair pair;
    connect(pair, {});
    for (const auto* side : {&pair.a, &pair.b}) {
        const bool is_a = side == &pair.a;
        const std::string own = is_a ? "1" : "2";
        const std::string peer = is_a ? "2" : "1";
        side->ns.ip("link add x0 address 02:00:00:00:02:0" + own + " type vxlan id 9 local " +
                    address(is_a) + " remote " + address(!is_a) +
                    " dev v0 dstport 4789 nolearning\nlink set x0 addrgenmode none\n"
                    "link set x0 mtu 1300\nlink set x0 up\n");
        set_offloads(side->ns, "x0", false);
        add_address(side->ns, "x0", "10.9.0." + own + "/24");
        add_neighbour(side->ns, "x0", "10.9.0." + peer, "02:00:00:00:02:0" + peer);
    }
    Ledger ledger({[&] { return device_counters(pair.a.ns, "x0"); },
                   [&] { return device_counters(pair.b.ns, "x0"); },
                   [&] { return pair.a.carried(); }, [&] { return pair.b.carried(); }});
    const auto outer = [&] { return pair.a.carried() + pair.b.carried(); };
    const auto before = outer();
    TcpParties tcp_parties(pair.a.ns, pair.b.ns, Address("10.9.0.2", 0),
                           {Family::v4, 50000, 20000, 1});
    tcp_parties.run();
    UdpParties parties(pair.a.ns, pair.b.ns, Address("10.9.0.2", 0));
    parties.send({1, 100, 1240});
    ledger.compare();
    compare_settled(
        "kernel class", [&] { return udp(outer() - before); },
        [&] { return ledger.in_class("kernel"); });
}

// An interface of IPsec's own: what is inside counts as the interface counts it. What carries that
// is not of the programs, and the kernel's where it is in datagrams.
TEST_P(IpsecTunnel, Interface) {
    for (const bool in_udp : {false, true}) {
        const Pair pair;
        Security how;
        how.mode = "tunnel";
        how.in_udp = in_udp;
        how.more = how.policy = "if_id 7";
        const std::string inner_a = v4() ? "10.5.0.1" : "fd05::1";
        const std::string inner_b = v4() ? "10.5.0.2" : "fd05::2";
        for (const auto* side : {&pair.a, &pair.b}) {
            side->ns.run("modprobe -a xfrm_interface");
            side->ns.ip("link add x0 type xfrm dev v0 if_id 7\nlink set x0 addrgenmode none\n"
                        "link set x0 mtu 1300\nlink set x0 up\n");
            set_offloads(side->ns, "x0", false);
            add_address(side->ns, "x0",
                        (side == &pair.a ? inner_a : inner_b) + (v4() ? "/24" : "/64"));
        }
        secure(pair.a.ns, pair.b.ns, address(true), address(false), how);
        require(pair.a.ns, pair.b.ns, address(true), address(false), inner_a, inner_b, how);
        Helper ike_a(pair.a.ns, [&](Channel& test) { serve_ike(test, Address::any(family(), 0)); });
        Helper ike_b(pair.b.ns, [&](Channel& test) { serve_ike(test, Address::any(family(), 0)); });
        ike_a.wait();
        ike_b.wait();
        const auto inner = [&] {
            return device_counters(pair.a.ns, "x0") + device_counters(pair.b.ns, "x0");
        };
        const auto outer = [&] { return pair.a.carried() + pair.b.carried(); };
        Ledger ledger({inner, [&] { return in_udp ? outer() : Traffic{}; }});
        const auto before = outer();
        TcpParties tcp_parties(pair.a.ns, pair.b.ns, Address(inner_b, 0),
                               {family(), 50000, 20000, 1});
        tcp_parties.run();
        UdpParties parties(pair.a.ns, pair.b.ns, Address(inner_b, 0));
        parties.send({1, 100, 1240});
        ledger.compare(in_udp ? "in datagrams" : "plain");
        compare_settled(
            "kernel class", [&] { return in_udp ? udp(outer() - before) : Counters{}; },
            [&] { return ledger.in_class("kernel"); });
        expect_process("IKE daemon", ike_b.pid(), {});
    }
}

TEST_P(IpsecTunnel, VirtualTunnelInterface) {
    const Pair pair;
    Security how;
    how.mode = "tunnel";
    how.more = how.policy = "mark 5 mask 0xffffffff";
    const std::string inner_a = v4() ? "10.5.0.1" : "fd05::1";
    const std::string inner_b = v4() ? "10.5.0.2" : "fd05::2";
    for (const auto* side : {&pair.a, &pair.b}) {
        const bool is_a = side == &pair.a;
        side->ns.run("modprobe -a ip_vti ip6_vti");
        side->ns.ip(std::string("link add x0 type ") + (v4() ? "vti" : "vti6") + " local " +
                    address(is_a) + " remote " + address(!is_a) +
                    " key 5\nlink set x0 addrgenmode none\nlink set x0 mtu 1300\n"
                    "link set x0 up\n");
        add_address(side->ns, "x0", (is_a ? inner_a : inner_b) + (v4() ? "/24" : "/64"));
    }
    secure(pair.a.ns, pair.b.ns, address(true), address(false), how);
    require(pair.a.ns, pair.b.ns, address(true), address(false), inner_a, inner_b, how);
    Ledger ledger({[&] { return device_counters(pair.a.ns, "x0"); },
                   [&] { return device_counters(pair.b.ns, "x0"); }});
    TcpParties tcp_parties(pair.a.ns, pair.b.ns, Address(inner_b, 0), {family(), 50000, 20000, 1});
    tcp_parties.run();
    UdpParties parties(pair.a.ns, pair.b.ns, Address(inner_b, 0));
    parties.send({1, 100, 1240});
    ledger.compare();
}

// A socket of two processes is the one's that sent last, though the packet that counts does not
// say who sends.
TEST_P(Ipsec, EachSenderHasItsOwn) {
    const Pair pair;
    connect(pair, {});
    Helper receiver(pair.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(pair.b.at(family()));
        test.send(Address::local_of(socket.get()).port());
        test.wait();
    });
    const auto to = pair.b.at(family(), receiver.receive<std::uint16_t>());
    const Inside inside(pair.a.ns);
    const Fd socket = udp_socket(family());
    Turns turns(socket, to, [&] { return pair.a.carried(); });
    for (const std::size_t size : {100, 3000, 1})
        turns.take(size);
    expect_process("first", turns.first().pid(), udp(turns.of_first()));
    expect_process("second", turns.second().pid(), udp(turns.of_second()));
}

// Source NAT makes the packet fit the policy: the transformation is found behind POSTROUTING, and
// the packet has been counted as it was. What is then too long for the path is not sent, so the
// hosts agree on short segments.
TEST_P(Ipsec, SourceTranslated) {
    for (const auto* mode : {"transport", "tunnel"}) {
        const Pair pair;
        Security how;
        how.mode = mode;
        const std::string virt = v4() ? "10.0.0.11" : "fd00::11";
        add_address(pair.a.ns, "lo", virt + (v4() ? "/32" : "/128"));
        add_neighbour(pair.b.ns, "v0", virt, "02:00:00:00:00:0a");
        secure(pair.a.ns, pair.b.ns, virt, address(false), how);
        require(pair.a.ns, pair.b.ns, virt, address(false), virt, address(false), how);
        const std::string ip = v4() ? "ip" : "ip6";
        pair.a.ns.nft("table " + ip +
                      " nat {\n chain postrouting {\n type nat hook postrouting priority 100;\n" +
                      ip + " saddr " + address(true) + " meta l4proto { tcp, udp } snat to " +
                      virt + "\n }\n}\n");
        for (const auto* ns : {&pair.a.ns, &pair.b.ns})
            ns->nft("table " + ip +
                    " short {\n chain output {\n type filter hook output priority -150;\n"
                    " tcp flags syn tcp option maxseg size set 1200\n }\n}\n");
        converse(pair, {1, 2, 3, 4, 5, 100, 1240, 3000, 4000, 9000});
    }
}

// A socket that brings its own header does not say which protocol it sends; the packet did before.
TEST_P(Ipsec, HeaderOfARawSocketIsCounted) {
    constexpr unsigned count = 5;
    const Pair pair;
    connect(pair, {});
    Helper receiver = sink(pair.b.ns, pair.b.at(family(), 9));
    receiver.wait();
    const auto before = pair.a.carried();
    const Ends ends{pair.a.at(family(), 5555), pair.b.at(family(), 9)};
    const auto to = ends.to.with_port(0);
    Helper sender(pair.a.ns, [&](Channel& test) {
        const Fd raw(check(::socket(domain(family()), SOCK_RAW, IPPROTO_RAW), "raw socket"));
        for (unsigned i = 0; i < count; i++) {
            const Bytes packet = udp_packet(ends, 100);
            check(::sendto(raw.get(), packet.data(), packet.size(), 0, to.get(), to.size()),
                  "sendto");
        }
        test.signal();
        test.wait();
    });
    sender.wait();
    const auto carried = pair.a.carried() - before;
    compare("packets of the device", std::uint64_t{count}, carried.out.packets);
    expect_process("receiver", receiver.pid(), udp_in(carried.out));
    expect_process("sender", sender.pid(), udp(carried));
}
