// SPDX-License-Identifier: GPL-2.0-only
// Neighbours who invent their addresses: what they send is counted exactly, and the module
// remembers nothing for them, however many they pretend to be.
#include "lib/guest_test.h"

#include <netinet/tcp.h>

#include "lib/packet.h"

using namespace guest;

namespace {

constexpr std::uint16_t open_port = 5000;
constexpr std::uint16_t closed_port = 5009;
constexpr auto prerouting = "chain in {\ntype filter hook prerouting priority -300;\n";

// How many remote ends are invented: NETATOP_STRANGERS, for long runs.
unsigned strangers() {
    const char* number = ::getenv("NETATOP_STRANGERS");
    return number ? static_cast<unsigned>(std::stoul(number)) : 4000;
}

// Packets of any source, to the device itself.
class Forger {
public:
    Forger(const Pair& pair, Family family, int protocol)
        : to_(pair.b.at(family)), protocol_(protocol), way_(pair.a, family) {}

    // From the nth stranger.
    void send(unsigned n, std::uint16_t port) const {
        const auto packet = forge({stranger(n), to_.with_port(port)});
        while (!way_.send(packet))
            if (errno != ENOBUFS)
                fail("send a forged packet");
    }

private:
    Bytes forge(const Ends& ends) const {
        return protocol_ == IPPROTO_TCP ? tcp_packet(ends, TH_SYN) : udp_packet(ends, 0);
    }
    Address stranger(unsigned n) const {
        const unsigned host = n / 1000 + 1;
        const auto port = static_cast<std::uint16_t>(n % 1000 + 1024);
        if (to_.family() == Family::v6)
            return {"fd77::" + std::to_string(host), port};
        return {"172.16." + std::to_string(host / 256) + "." + std::to_string(host % 256), port};
    }

    Address to_;
    int protocol_;
    PacketSocket way_;
};

class Neighbour : public FamilyTest {
protected:
    void SetUp() override {
        FamilyTest::SetUp();
        // Answers have somewhere to go.
        pair_.b.ns.ip("route add default via " +
                      std::string(family() == Family::v4 ? "10.0.0.1" : "fd00::1") + "\n");
    }

    // A process with a socket on the open port.
    Helper receiving() const {
        Helper receiver(pair_.b.ns, [&](Channel& test) {
            const Fd socket = udp_bound(pair_.b.at(family(), open_port));
            test.signal();
            test.wait();
        });
        receiver.wait();
        return receiver;
    }

    // Fifty datagrams to a port, each from another stranger; all are accounted for.
    void send_datagrams(Ledger& ledger, std::uint16_t port) const {
        const Forger forger(pair_, family(), IPPROTO_UDP);
        for (unsigned i = 0; i < 50; i++)
            forger.send(i, port);
        ledger.compare();
    }

    // Messages of ICMP that are under way between the device and who counts them pass for some.
    void expect_received(const Ledger& ledger) const {
        compare_soon("received", std::uint64_t{strangers()},
                     [&] { return ledger.carried().in.packets; });
    }

    void expect_few_sockets(std::uint64_t before) const {
        const auto status = module::Status::read();
        const auto now = status.number("objects", 0);
        std::cout << scenario() << ": " << strangers() << " strangers, " << now - before
                  << " entries of sockets more" << std::endl;
        EXPECT_LE(now, before + 4);
    }

    const Pair pair_;
};

} // namespace

BOTH_FAMILIES(Neighbour);

TEST_P(Neighbour, FloodOfSynPacketsFromNowhere) {
    Helper server(pair_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(family(), open_port));
        test.signal();
        test.wait();
    });
    server.wait();
    const auto sockets = module::Status::read().number("objects", 0);
    Ledger ledger({[&] { return pair_.b.carried(); }});
    const Forger forger(pair_, family(), IPPROTO_TCP);
    for (unsigned i = 0; i < strangers(); i++)
        forger.send(i, open_port);
    ledger.compare();
    expect_received(ledger);
    expect_few_sockets(sockets);
}

TEST_P(Neighbour, DatagramsFromEverywhereToOpenAndClosedPorts) {
    const auto receiver = receiving();
    const auto sockets = module::Status::read().number("objects", 0);
    Ledger ledger({[&] { return pair_.b.carried(); }});
    const Forger forger(pair_, family(), IPPROTO_UDP);
    for (unsigned i = 0; i < strangers(); i++)
        forger.send(i, i % 2 ? open_port : closed_port);
    ledger.compare();
    expect_received(ledger);
    compare("nosocket", std::uint64_t{(strangers() + 1) / 2},
            ledger.in_class("nosocket").udp.in.packets);
    expect_few_sockets(sockets);
}

TEST_P(Neighbour, FirewallSendsACopyElsewhere) {
    const bool v4 = family() == Family::v4;
    pair_.b.ns.nft(std::string("table ") + (v4 ? "ip" : "ip6") + " copies {\n" + prerouting +
                   "udp dport 5000 dup to " + (v4 ? "10.0.0.1" : "fd00::1") + "\n}\n}\n");
    const auto receiver = receiving();
    Ledger ledger({[&] { return pair_.b.carried(); }});
    send_datagrams(ledger, open_port);
    compare("copies", std::uint64_t{50}, ledger.in_class("nosocket").udp.out.packets);
}

TEST_P(Neighbour, FirewallChangesThePort) {
    pair_.b.ns.nft(std::string("table inet changes {\n") + prerouting +
                   "udp dport 5009 udp dport set 5000\n}\n}\n");
    const auto receiver = receiving();
    Ledger ledger({[&] { return pair_.b.carried(); }});
    send_datagrams(ledger, closed_port);
    expect_process("receiver", receiver.pid(), udp_in(datagrams(family(), 50, 0)));
}
