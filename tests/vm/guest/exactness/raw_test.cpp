// SPDX-License-Identifier: GPL-2.0-only
// Fragments that a program made itself, for a raw socket.
#include "lib/guest_test.h"

#include <algorithm>

#include "lib/packet.h"

using namespace guest;

namespace {

constexpr unsigned count = 5;
constexpr std::size_t size = 1200;
constexpr std::size_t part = 400; // of a fragment

class RawFragments : public GuestTest {
protected:
    // Datagrams in fragments; returns what the interface carried.
    Traffic send() {
        receiver_.wait();
        const auto before = pair_.a.carried();
        sender_.step();
        return pair_.a.carried() - before;
    }
    void send_from(const Fd& raw) const {
        const Ends ends{pair_.a.at(Family::v4, 5555), pair_.b.at(Family::v4, 9)};
        const Bytes whole = udp_packet(ends, size);
        const Bytes body(whole.begin() + 20, whole.end());
        for (unsigned id = 1; id <= count; id++)
            for (std::size_t at = 0; at < body.size(); at += part) {
                const auto end = std::min(at + part, body.size());
                const unsigned more = end < body.size() ? more_fragments : 0;
                const Bytes packet = fragment(
                    ends, {id, static_cast<unsigned>(at), more},
                    {body.begin() + static_cast<long>(at), body.begin() + static_cast<long>(end)});
                check(::sendto(raw.get(), packet.data(), packet.size(), 0, ends.to.get(),
                               ends.to.size()),
                      "sendto");
            }
    }

    const Pair pair_;
    Helper receiver_ = sink(pair_.b.ns, pair_.b.at(Family::v4, 9));
    Helper sender_{pair_.a.ns, [this](Channel& test) {
                       test.wait();
                       send_from(Fd(check(::socket(AF_INET, SOCK_RAW, IPPROTO_RAW), "raw socket")));
                       test.signal();
                       test.wait();
                   }};
};

} // namespace

TEST_F(RawFragments, AreCountedAsTheyAre) {
    const auto carried = send();
    compare("packets of the interface", std::uint64_t{20}, carried.out.packets);
    expect_process("sender", sender_.pid(), udp(carried));
    expect_process("receiver", receiver_.pid(), udp_in(carried.out));
}

// Tracking on OUTPUT puts them together before they are counted, and they are cut again after it.
// docs/accuracy.md says so.
TEST_F(RawFragments, CountAsOneWhereOutputIsTracked) {
    pair_.a.ns.nft("table ip tracked {\n chain output {\n type filter hook output priority 0;\n"
                   " ct state new counter\n }\n}\n");
    const auto carried = send();
    compare("packets of the interface", std::uint64_t{20}, carried.out.packets);
    expect_process("sender", sender_.pid(), udp_out(datagrams(Family::v4, count, size)));
    expect_process("receiver", receiver_.pid(), udp_in(carried.out));
}
