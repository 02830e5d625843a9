// SPDX-License-Identifier: GPL-2.0-only
// Neighbours who invent their addresses: what they send is counted exactly, and the module
// remembers nothing for them, however many they pretend to be.
#include "lib/guest_test.h"

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/tcp.h>

#include "lib/command.h"

using namespace guest;

namespace {

constexpr std::uint16_t open_port = 5000;
constexpr std::uint16_t closed_port = 5009;
constexpr auto prerouting = "chain in {\ntype filter hook prerouting priority -300;\n";
constexpr unsigned char mac_of_b[ETH_ALEN] = {2, 0, 0, 0, 0, 0x0b};

// How many remote ends are invented: NETATOP_STRANGERS, for long runs.
unsigned strangers() {
    const char* number = ::getenv("NETATOP_STRANGERS");
    return number ? static_cast<unsigned>(std::stoul(number)) : 4000;
}

// Packets of any source, to the device itself.
class Forger {
public:
    Forger(const Pair& pair, Family family, int protocol, std::size_t header)
        : family_(family), protocol_(protocol), packet_(ip_header(family) + header, 0) {
        const Inside inside(pair.a.ns);
        socket_ = Fd(check(::socket(AF_PACKET, SOCK_DGRAM, 0), "packet socket"));
        peer_.sll_family = AF_PACKET;
        peer_.sll_protocol = htons(family == Family::v4 ? ETH_P_IP : ETH_P_IPV6);
        peer_.sll_ifindex = static_cast<int>(::if_nametoindex(pair.a.device.c_str()));
        peer_.sll_halen = ETH_ALEN;
        std::copy(std::begin(mac_of_b), std::end(mac_of_b), peer_.sll_addr);
        address(pair.b.at(family));
    }

    // From the nth stranger.
    void send(unsigned n, std::uint16_t port) {
        unsigned char* transport = packet_.data() + ip_header(family_);
        put16(source_end() - 2, n / 1000 + 1);
        put16(transport, n % 1000 + 1024);
        put16(transport + 2, port);
        if (protocol_ == IPPROTO_TCP) {
            transport[12] = 5 << 4;
            transport[13] = TH_SYN;
            put16(transport + 14, 1000);
        } else {
            put16(transport + 4, static_cast<unsigned>(packet_.size() - ip_header(family_)));
        }
        finish(transport);
        while (::sendto(socket_.get(), packet_.data(), packet_.size(), 0,
                        reinterpret_cast<const sockaddr*>(&peer_), sizeof(peer_)) < 0)
            if (errno != ENOBUFS)
                fail("send a forged packet");
    }

private:
    static void put16(unsigned char* at, unsigned value) {
        at[0] = static_cast<unsigned char>(value >> 8);
        at[1] = static_cast<unsigned char>(value);
    }
    unsigned char* source_end() { return packet_.data() + (family_ == Family::v4 ? 16 : 24); }

    void address(const Address& to) {
        const auto payload = static_cast<unsigned>(packet_.size() - ip_header(family_));
        if (family_ == Family::v4) {
            packet_[0] = 0x45;
            put16(&packet_[2], static_cast<unsigned>(packet_.size()));
            packet_[8] = 64;
            packet_[9] = static_cast<unsigned char>(protocol_);
            packet_[12] = 172;
            packet_[13] = 16;
            const auto* in = reinterpret_cast<const sockaddr_in*>(to.get());
            std::memcpy(&packet_[16], &in->sin_addr, 4);
            return;
        }
        packet_[0] = 0x60;
        put16(&packet_[4], payload);
        packet_[6] = static_cast<unsigned char>(protocol_);
        packet_[7] = 64;
        packet_[8] = 0xfd;
        packet_[9] = 0x77;
        const auto* in = reinterpret_cast<const sockaddr_in6*>(to.get());
        std::memcpy(&packet_[24], &in->sin6_addr, 16);
    }

    static std::uint32_t sum(const unsigned char* data, std::size_t size) {
        std::uint32_t total = 0;
        for (std::size_t i = 0; i < size; i += 2)
            total += static_cast<std::uint32_t>(data[i] << 8 | data[i + 1]);
        return total;
    }
    static unsigned fold(std::uint32_t total) {
        while (total >> 16)
            total = (total & 0xffff) + (total >> 16);
        return ~total & 0xffff;
    }

    void finish(unsigned char* transport) {
        const std::size_t size = packet_.size() - ip_header(family_);
        const std::size_t addresses = family_ == Family::v4 ? 8 : 32;
        unsigned char* check = transport + (protocol_ == IPPROTO_TCP ? 16 : 6);
        put16(check, 0);
        put16(check,
              fold(sum(transport, size) +
                   sum(packet_.data() + ip_header(family_) - addresses, addresses) +
                   static_cast<std::uint32_t>(protocol_) + static_cast<std::uint32_t>(size)));
        if (family_ != Family::v4)
            return;
        put16(&packet_[10], 0);
        put16(&packet_[10], fold(sum(packet_.data(), 20)));
    }

    Family family_;
    int protocol_;
    std::vector<unsigned char> packet_;
    Fd socket_;
    sockaddr_ll peer_{};
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
        Forger forger(pair_, family(), IPPROTO_UDP, 8);
        for (unsigned i = 0; i < 50; i++)
            forger.send(i, port);
        ledger.compare();
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
    Forger forger(pair_, family(), IPPROTO_TCP, 20);
    for (unsigned i = 0; i < strangers(); i++)
        forger.send(i, open_port);
    ledger.compare();
    compare("received", std::uint64_t{strangers()}, ledger.carried().in.packets);
    expect_few_sockets(sockets);
}

TEST_P(Neighbour, DatagramsFromEverywhereToOpenAndClosedPorts) {
    const auto receiver = receiving();
    const auto sockets = module::Status::read().number("objects", 0);
    Ledger ledger({[&] { return pair_.b.carried(); }});
    Forger forger(pair_, family(), IPPROTO_UDP, 8);
    for (unsigned i = 0; i < strangers(); i++)
        forger.send(i, i % 2 ? open_port : closed_port);
    ledger.compare();
    compare("received", std::uint64_t{strangers()}, ledger.carried().in.packets);
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
