// SPDX-License-Identifier: GPL-2.0-only
// The ground truth itself, without the module: devices count what arithmetic says and nothing else.
#include <gtest/gtest.h>

#include "lib/compare.h"
#include "lib/talk.h"

using namespace guest;

namespace {

class GroundTruth : public testing::TestWithParam<Family> {
protected:
    Family family() const { return GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(, GroundTruth, testing::Values(Family::v4, Family::v6),
                         [](const auto& given) { return std::string(name(given.param)); });

} // namespace

TEST_P(GroundTruth, DatagramsOfAllSizes) {
    const auto& pair = standard_pair();
    const auto before_a = pair.a.carried();
    const auto before_b = pair.b.carried();
    UdpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()));
    parties.send(1, 10);
    parties.send(1400, 10);
    const auto expected = datagrams(family(), 10, 1) + datagrams(family(), 10, 1400);
    compare("sender's device", Traffic{expected, {}}, pair.a.carried() - before_a);
    compare("receiver's device", Traffic{{}, expected}, pair.b.carried() - before_b);
}

TEST_P(GroundTruth, SegmentsOfATcpConnection) {
    const auto& pair = standard_pair();
    const auto before = pair.a.carried();
    TcpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()), {family(), 100000, 100000, 2});
    parties.run();
    compare_soon("client's socket", parties.client_tally.segments_out,
                 [&] { return (pair.a.carried() - before).out.packets; });
    // The child socket does not count the SYN and the SYN-ACK: its listener's request did.
    compare("server's socket", parties.server_tally.segments_out + 1,
            (pair.a.carried() - before).in.packets);
}

TEST_P(GroundTruth, ErrorsAreSubtracted) {
    const Pair pair;
    Helper sender(pair.a.ns, [&](Channel&) {
        // Unconnected, so that the errors that come back do not fail the next send.
        send_to(udp_socket(family()), pair.b.at(family(), 9), 10, 3);
    });
    sender.join();
    compare("sender's device", Traffic{datagrams(family(), 3, 10), {}}, pair.a.carried());
    EXPECT_GT(pair.b.other_protocols().out.packets, 0U) << "no ICMP error was sent";
}

TEST(GroundTruthRoute, BothEndsReachEachOther) {
    const Route route;
    for (const auto family : {Family::v4, Family::v6}) {
        const auto before = route.a.carried();
        TcpParties parties(route.a.ns, route.b.ns, route.b.at(family), {family, 1000, 1000, 3});
        parties.run();
        compare_soon("client's socket", parties.client_tally.segments_out,
                     [&] { return (route.a.carried() - before).out.packets; });
    }
}
