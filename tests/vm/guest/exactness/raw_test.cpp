// SPDX-License-Identifier: GPL-2.0-only
// Fragments that a program made itself, for a raw socket.
#include "lib/guest_test.h"

#include <array>

#include "lib/packet.h"

using namespace guest;

namespace {

constexpr unsigned count = 5;
constexpr std::size_t size = 1200;
// Of a datagram with its header, where each fragment ends.
constexpr std::array<std::size_t, 3> ends_at{400, 416, udp_header + size};

class RawFragments : public FamilyTest {
protected:
    void expect_as_they_are() {
        receiver_.wait();
        const auto before = pair_.a.carried();
        sender_.step();
        const auto carried = pair_.a.carried() - before;
        compare("packets of the interface", std::uint64_t{count * ends_at.size()},
                carried.out.packets);
        expect_process("sender", sender_.pid(), udp(carried));
        expect_process("receiver", receiver_.pid(), udp_in(carried.out));
    }
    void send_from(const Fd& raw) const {
        const Ends ends{pair_.a.at(family(), 5555), pair_.b.at(family(), 9)};
        const Bytes whole = udp_packet(ends, size);
        const auto* body = &whole[ip_header(family())];
        const auto to = ends.to.with_port(0);
        for (unsigned id = 1; id <= count; id++) {
            std::size_t at = 0;
            for (const auto end : ends_at) {
                const unsigned more = end < ends_at.back() ? more_fragments : 0;
                const Bytes packet =
                    fragment(ends, {id, static_cast<unsigned>(at), more}, {body + at, body + end});
                check(::sendto(raw.get(), packet.data(), packet.size(), 0, to.get(), to.size()),
                      "sendto");
                at = end;
            }
        }
    }

    const Pair pair_;
    Helper receiver_ = sink(pair_.b.ns, pair_.b.at(family(), 9));
    Helper sender_{pair_.a.ns, [this](Channel& test) {
                       const Fd raw(
                           check(::socket(domain(family()), SOCK_RAW, IPPROTO_RAW), "raw socket"));
                       test.wait();
                       send_from(raw);
                       test.signal();
                       test.wait();
                   }};
};

BOTH_FAMILIES(RawFragments);

} // namespace

TEST_P(RawFragments, AreCountedAsTheyAre) {
    expect_as_they_are();
}

// Tracking on OUTPUT puts them together before they are counted, and they are cut again after it.
TEST_P(RawFragments, AreCountedAsTheyAreWhereOutputIsTracked) {
    pair_.a.ns.nft("table inet tracked {\n chain output {\n type filter hook output priority 0;\n"
                   " ct state new counter\n }\n}\n");
    expect_as_they_are();
}
