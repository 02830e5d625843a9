// SPDX-License-Identifier: GPL-2.0-only
// Packets that no honest stack makes: what the receiving one hands to a protocol, however odd, is
// counted with the length that its network header says; what it discards before is not.
#include "lib/guest_test.h"

#include <algorithm>
#include <functional>
#include <netinet/tcp.h>
#include <unistd.h>

#include "lib/packet.h"

using namespace guest;

namespace {

constexpr std::uint16_t open_port = 5000;
constexpr std::uint8_t no_operation = 1; // options of IPv4
constexpr std::uint8_t record_route = 7;

struct Oddity {
    std::string name;
    std::vector<Bytes> packets;
    // Do they pass LOCAL_IN, or are they fragments of IPv4?
    bool counted;
    // Behind the end that the network header says.
    std::size_t padding = 0;
};

std::vector<Oddity> joined(std::vector<Oddity> some, const std::vector<Oddity>& more) {
    some.insert(some.end(), more.begin(), more.end());
    return some;
}

Bytes resized(Bytes bytes, std::size_t size) {
    bytes.resize(size);
    return bytes;
}

Bytes changed(Bytes bytes, const std::function<void(Bytes&)>& change) {
    change(bytes);
    return bytes;
}

// A packet whose transport header is not as long as its protocol's.
Bytes shortened(const Ends& ends, int protocol, std::size_t size) {
    const auto whole = protocol == IPPROTO_UDP ? udp_packet(ends, 20) : tcp_packet(ends, TH_SYN);
    const auto start = whole.begin() + static_cast<std::ptrdiff_t>(ip_header(ends.to.family()));
    return ip_packet(ends, protocol, {start, start + static_cast<std::ptrdiff_t>(size)});
}

// Whatever the network protocol, a wrong transport header is for the transport protocol to see.
std::vector<Oddity> wrong_transport(const Ends& ends) {
    const auto at = ip_header(ends.to.family());
    const auto udp = udp_packet(ends, 20);
    const auto tcp = tcp_packet(ends, TH_SYN);
    const auto changed_at = [&](Bytes packet, std::size_t offset, unsigned value) {
        put16(packet, at + offset, value);
        return packet;
    };
    return {
        {"UDP without any header", {shortened(ends, IPPROTO_UDP, 0)}, true},
        {"UDP with ports alone", {shortened(ends, IPPROTO_UDP, 4)}, true},
        {"UDP with half of a port", {shortened(ends, IPPROTO_UDP, 3)}, true},
        {"UDP of a length below its header's", {changed_at(udp, 4, 7)}, true},
        {"UDP of a length beyond the packet", {changed_at(udp, 4, 2000)}, true},
        {"UDP with a wrong checksum", {changed_at(udp, 6, 0x1234)}, true},
        {"TCP without any header", {shortened(ends, IPPROTO_TCP, 0)}, true},
        {"TCP with ports alone", {shortened(ends, IPPROTO_TCP, 4)}, true},
        {"TCP with a header one byte short", {shortened(ends, IPPROTO_TCP, 19)}, true},
        {"TCP with a header of 4 words", {changed_at(tcp, 12, 4 << 12)}, true},
        {"TCP with a header beyond the packet", {changed_at(tcp, 12, 15 << 12)}, true},
        {"TCP with a wrong checksum", {changed_at(tcp, 16, 0x1234)}, true},
    };
}

// One fragment of a payload, from its first byte to its last.
class Fragments {
public:
    Fragments(const Ends& ends, unsigned id) : ends_(ends), id_(id) {
        const auto whole = udp_packet(ends, 92);
        payload_.assign(whole.begin() + static_cast<std::ptrdiff_t>(ip_header(ends.to.family())),
                        whole.end());
        payload_.resize(200, 'y');
    }

    Bytes operator()(unsigned start, unsigned end, unsigned flag, unsigned at) const {
        return fragment(ends_, {id_, at, flag}, {payload_.begin() + start, payload_.begin() + end});
    }
    Bytes operator()(unsigned start, unsigned end, unsigned flag) const {
        return (*this)(start, end, flag, start);
    }

private:
    Ends ends_;
    unsigned id_;
    Bytes payload_;
};

std::vector<Oddity> odd_fragments(const Ends& ends) {
    const Fragments tiny(ends, 1), overlapping(ends, 2), beyond(ends, 3), uneven(ends, 4),
        twice(ends, 5), late(ends, 6);
    return {
        {"a datagram in fragments of 8 bytes, the ports alone in the first",
         {tiny(0, 8, more_fragments), tiny(8, 16, more_fragments), tiny(16, 100, 0)},
         true},
        {"overlapping fragments",
         {overlapping(0, 64, more_fragments), overlapping(32, 100, 0)},
         true},
        {"a fragment beyond 65,535 bytes", {beyond(0, 100, 0, 65528)}, true},
        {"a fragment of no multiple of 8 bytes, with more to come",
         {uneven(0, 60, more_fragments), uneven(60, 100, 0, 64)},
         true},
        {"a fragment that comes twice",
         {twice(0, 64, more_fragments), twice(0, 64, more_fragments), twice(64, 100, 0)},
         true},
        {"the last fragment alone", {late(64, 100, 0)}, true},
    };
}

std::vector<Oddity> odd_ipv4(const Ends& ends) {
    const auto udp = udp_packet(ends, 20);
    const Bytes transport(udp.begin() + 20, udp.end());
    const auto with_options = [&](const Bytes& options) {
        auto packet = ip_packet(ends, IPPROTO_UDP, options + transport);
        packet[0] = static_cast<std::uint8_t>(0x45 + options.size() / 4);
        correct_checksum(packet);
        return packet;
    };
    const auto with = [&](std::size_t offset, unsigned value) {
        return changed(udp, [&](Bytes& packet) {
            put16(packet, offset, value);
            correct_checksum(packet);
        });
    };
    return {
        {"40 bytes of options that do nothing", {with_options(Bytes(40, no_operation))}, true},
        {"an option that is longer than the header",
         {with_options({record_route, 200, 4, 0})},
         false},
        {"a header of 4 words", {with(0, 0x4400)}, false},
        {"a header that is longer than the packet",
         {changed(resized(with(2, 28), 28), [](Bytes& packet) { packet[0] = 0x4f; })},
         false},
        {"a wrong checksum", {changed(udp, [](Bytes& packet) { packet[10] ^= 1; })}, false},
        {"a length beyond the packet", {with(2, 2000)}, false},
        {"a length below the header's", {with(2, 19)}, false},
        {"six bytes behind the packet", {udp + Bytes(6, 0)}, true, 6},
    };
}

Bytes extension(int next, std::uint8_t length = 0, std::uint8_t option = 1) {
    return {static_cast<std::uint8_t>(next), length, option, 4, 0, 0, 0, 0};
}

// Of these, whatever a host receives passes LOCAL_IN.
std::vector<Oddity> odd_chains(const Ends& ends) {
    const auto udp = udp_packet(ends, 20);
    const Bytes transport(udp.begin() + 40, udp.end());
    const auto chain = [&](int first, const std::vector<Bytes>& headers) {
        Bytes payload;
        for (const auto& header : headers)
            payload = payload + header;
        return ip_packet(ends, first, payload + transport);
    };
    std::vector<Bytes> many(7, extension(IPPROTO_DSTOPTS));
    many.push_back(extension(IPPROTO_UDP));
    return {
        {"one of each extension header",
         {chain(IPPROTO_HOPOPTS, {extension(IPPROTO_DSTOPTS),
                                  extension(IPPROTO_ROUTING),
                                  {IPPROTO_FRAGMENT, 0, 4, 0, 0, 0, 0, 0},
                                  {IPPROTO_UDP, 0, 0, 0, 0, 0, 0, 9}})},
         true},
        {"eight headers of options", {chain(IPPROTO_DSTOPTS, many)}, true},
        {"a header for hops behind another one",
         {chain(IPPROTO_DSTOPTS, {extension(IPPROTO_HOPOPTS), extension(IPPROTO_UDP)})},
         true},
        {"an extension header that is longer than the packet",
         {chain(IPPROTO_DSTOPTS, {extension(IPPROTO_UDP, 255)})},
         true},
        {"half of an extension header", // so that no protocol can be told
         {ip_packet(ends, IPPROTO_DSTOPTS, {IPPROTO_UDP})},
         false},
        {"no next header", {chain(IPPROTO_NONE, {})}, false},
    };
}

std::vector<Oddity> odd_ipv6(const Ends& ends) {
    const auto udp = udp_packet(ends, 20);
    const auto for_hops = [&](const Bytes& header) {
        return ip_packet(ends, IPPROTO_HOPOPTS, header + Bytes(udp.begin() + 40, udp.end()));
    };
    const std::vector<Oddity> discarded{
        {"a header for hops that leads out of the packet",
         {for_hops(extension(IPPROTO_UDP, 255))},
         false},
        {"an unknown option that forbids the packet",
         {for_hops(extension(IPPROTO_UDP, 0, 0x42))},
         false},
        {"a length beyond the packet",
         {changed(udp, [](Bytes& packet) { put16(packet, 4, 2000); })},
         false},
        {"six bytes behind the packet", {udp + Bytes(6, 0)}, true, 6},
    };
    return joined(odd_chains(ends), discarded);
}

// What comes from outside.
std::vector<Oddity> receivable(const Ends& ends) {
    const auto network = ends.to.family() == Family::v4 ? odd_ipv4(ends) : odd_ipv6(ends);
    return joined(network, joined(wrong_transport(ends), odd_fragments(ends)));
}

// What a raw socket lets a process send with a network header of its own.
std::vector<Oddity> sendable(const Ends& ends) {
    const auto all = joined(wrong_transport(ends), odd_fragments(ends));
    if (ends.to.family() == Family::v6)
        return joined(all, odd_chains(ends));
    const auto udp = udp_packet(ends, 20);
    const std::vector<Oddity> odd_headers{
        {"a header as long as the packet",
         {changed(resized(udp, 60), [](Bytes& p) { p[0] = 0x4f; })},
         true},
    };
    return joined(all, odd_headers);
}

class Malformed : public FamilyTest {
protected:
    Helper receiving(const Namespace& ns, const Address& at) const {
        Helper receiver(ns, [&](Channel& test) {
            const Fd udp = udp_bound(at);
            const Fd tcp = tcp_listener(at);
            test.signal();
            test.wait();
        });
        receiver.wait();
        return receiver;
    }

    // Each oddity by itself; those that are counted add to the flow from which the ledger's truth
    // is.
    void expect_each(const std::vector<Oddity>& all, std::size_t link_header, Ledger& ledger,
                     Flow& flow, const std::function<void(const Oddity&)>& deliver) const {
        for (const auto& oddity : all) {
            deliver(oddity);
            for (const auto& packet : oddity.packets)
                if (oddity.counted)
                    flow = flow + Flow{1, packet.size() - oddity.padding + link_header};
            ledger.compare(oddity.name);
            if (HasFailure())
                return;
        }
    }

    // What has gone out in answer, the device says.
    void expect_received(const Ends& ends, std::size_t link_header,
                         const std::function<Traffic()>& carried,
                         const std::function<void(const Bytes&)>& deliver) const {
        Flow in;
        Ledger ledger({[&] { return Traffic{carried().out, in}; }});
        expect_each(receivable(ends), link_header, ledger, in, [&](const Oddity& oddity) {
            for (const auto& packet : oddity.packets)
                deliver(packet);
        });
    }
};

} // namespace

BOTH_FAMILIES(Malformed);

TEST_P(Malformed, FromANeighbour) {
    const Pair pair;
    const auto to = pair.b.at(family(), open_port);
    const auto receiver = receiving(pair.b.ns, to);
    const PacketSocket way(pair.a, family());
    expect_received(
        {pair.a.at(family(), 1024), to}, ethernet_header, [&] { return pair.b.carried(); },
        [&](const Bytes& packet) {
            if (!way.send(packet))
                fail("send a malformed packet");
        });
}

TEST_P(Malformed, FromATunnel) {
    const Namespace ns;
    keep_quiet(ns);
    const Fd tunnel = open_tunnel(ns);
    number_tunnel(ns, 2);
    const Address to(family() == Family::v4 ? "10.6.0.2" : "fd06::2", open_port);
    const auto receiver = receiving(ns, to);
    const Address from(family() == Family::v4 ? "10.6.0.1" : "fd06::1", 1024);
    expect_received(
        {from, to}, 0, [&] { return device_counters(ns, "t0"); },
        [&](const Bytes& packet) {
            check(::write(tunnel.get(), packet.data(), packet.size()), "write");
        });
}

TEST_P(Malformed, SentByAProcess) {
    const Pair pair;
    const Address to(family() == Family::v4 ? "10.0.0.77" : "fd00::77", open_port);
    add_neighbour(pair.a.ns, pair.a.device, family() == Family::v4 ? "10.0.0.77" : "fd00::77",
                  "02:00:00:00:00:77"); // nobody's
    const auto all = sendable({pair.a.at(family(), 1024), to});
    Flow out;
    Ledger ledger({[&] { return Traffic{out, {}}; }});
    Helper sender(pair.a.ns, [&](Channel& test) {
        const Fd raw(check(::socket(domain(family()), SOCK_RAW, IPPROTO_RAW), "raw socket"));
        const auto address = to.with_port(0);
        for (const auto& oddity : all) {
            test.wait();
            for (const auto& packet : oddity.packets)
                check(::sendto(raw.get(), packet.data(), packet.size(), 0, address.get(),
                               address.size()),
                      oddity.name.c_str());
            test.signal();
        }
        test.wait();
    });
    expect_each(all, ethernet_header, ledger, out, [&](const Oddity&) { sender.step(); });
    compare("sender", out, ctl.process_counters(sender.pid()).both().out);
}
