// SPDX-License-Identifier: GPL-2.0-only
// The arithmetic of module/wire.c against packets written down by hand and
// against packets cut one by one.
#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>

extern "C" {
#include "wire.h"
}
#include "oracle.h"

namespace {

constexpr std::uint32_t kEthernet = 14;
constexpr std::uint32_t kIpv4 = 20;
constexpr std::uint32_t kIpv6 = 40;
constexpr std::uint32_t kUdp = 8;
constexpr std::uint32_t kTcp = 20;
constexpr std::uint32_t kTcpStamps = 32;

constexpr nta_wire_link with_header(std::uint32_t header) {
    return {header, 0, 0, 0};
}

nta_wire segments(const nta_wire_gso& gso, std::uint32_t header) {
    const nta_wire_link link = with_header(header);
    return nta_wire_segments(&gso, &link);
}

nta_wire_path ipv4_path(std::uint32_t mtu, std::uint32_t header = kIpv4) {
    return {mtu, header, false, false, with_header(kEthernet)};
}

nta_wire_path ipv6_path(std::uint32_t mtu, std::uint32_t header = kIpv6) {
    return {mtu, header, true, false, with_header(kEthernet)};
}

void expect_wire(const nta_wire& wire, std::uint64_t packets, std::uint64_t bytes) {
    EXPECT_EQ(wire.packets, packets);
    EXPECT_EQ(wire.bytes, bytes);
}

void expect_packets(const nta_wire& wire, const oracle::Packets& packets, std::uint64_t link) {
    expect_wire(wire, packets.size(), oracle::bytes(packets, link));
}

} // namespace

TEST(WirePlain, IsItsLengthAndLinkHeader) {
    expect_wire(nta_wire_plain(40, 0), 1, 40);
    expect_wire(nta_wire_plain(1500, kEthernet), 1, 1514);
    expect_wire(nta_wire_plain(0xffffffff, kEthernet), 1, 0x10000000dULL);
}

// 64,000 bytes of payload with 1,448 in each segment: 44 full ones and 288 bytes.
TEST(WireSegments, OffloadedTcp) {
    const nta_wire_gso gso = {20 + 32 + 64000, kIpv4 + kTcpStamps, 1448, 45};

    expect_wire(segments(gso, kEthernet), 45, 64000 + 45 * (20 + 32 + 14));
    expect_wire(segments(gso, 0), 45, 64000 + 45 * (20 + 32));
}

TEST(WireSegments, CountedFromSizeWhenNobodyCounted) {
    nta_wire_gso gso = {20 + 32 + 64000, kIpv4 + kTcpStamps, 1448, 0};

    expect_wire(segments(gso, kEthernet), 45, 64000 + 45 * (20 + 32 + 14));
    gso.len = 20 + 32 + 1448 * 3;
    EXPECT_EQ(segments(gso, 0).packets, 3U);
    gso.len += 1;
    EXPECT_EQ(segments(gso, 0).packets, 4U);
}

TEST(WireSegments, OffloadedUdp) {
    const nta_wire_gso gso = {20 + 8 + 10000, kIpv4 + kUdp, 1000, 10};

    expect_wire(segments(gso, kEthernet), 10, 10000 + 10 * (20 + 8 + 14));
}

// 512 KB in one packet, as BIG TCP allows.
TEST(WireSegments, LargerThanSixteenBits) {
    const nta_wire_gso gso = {40 + 32 + 524288, kIpv6 + kTcpStamps, 1428, 0};

    expect_packets(segments(gso, kEthernet), oracle::segments(72, 524288, 1428), 14);
}

TEST(WireSegments, OnePayloadByteIsOneSegment) {
    const nta_wire_gso gso = {20 + 20 + 1, kIpv4 + kTcp, 1460, 0};

    expect_wire(segments(gso, kEthernet), 1, 41 + 14);
}

TEST(WireSegments, NonsenseIsOnePacket) {
    const nta_wire_gso no_size = {1000, 40, 0, 0};
    const nta_wire_gso no_payload = {40, 40, 1000, 0};
    const nta_wire_gso long_headers = {40, 1000, 1000, 0};

    expect_wire(segments(no_size, 0), 1, 1000);
    expect_wire(segments(no_payload, 0), 1, 40);
    expect_wire(segments(long_headers, 0), 1, 40);
}

TEST(WireFragments, FitsExactly) {
    const nta_wire_path four = ipv4_path(1500);
    const nta_wire_path six = ipv6_path(1500);

    expect_wire(nta_wire_fragments(1500, &four), 1, 1514);
    expect_wire(nta_wire_fragments(1500, &six), 1, 1514);
}

// 1,473 bytes of UDP payload: 1,480 bytes after the first header, then one byte.
TEST(WireFragments, Ipv4OneByteTooLong) {
    const nta_wire_path path = ipv4_path(1500);

    expect_wire(nta_wire_fragments(1501, &path), 2, (1500 + 14) + (21 + 14));
}

// 1,453 bytes of UDP payload: 1,448 bytes fit behind the fragment header, 13 are left.
TEST(WireFragments, Ipv6OneByteTooLong) {
    const nta_wire_path path = ipv6_path(1500);

    expect_wire(nta_wire_fragments(1501, &path), 2, (40 + 8 + 1448 + 14) + (40 + 8 + 13 + 14));
}

// 65,000 bytes of UDP payload, 1,480 a fragment: 43 full ones and 1,368 bytes.
TEST(WireFragments, Ipv4LargeDatagram) {
    const nta_wire_path path = ipv4_path(1500);

    expect_wire(nta_wire_fragments(20 + 8 + 65000, &path), 44, 65008 + 44 * (20 + 14));
}

// 65,000 bytes of UDP payload, 1,448 a fragment: 44 full ones and 1,296 bytes.
TEST(WireFragments, Ipv6LargeDatagram) {
    const nta_wire_path path = ipv6_path(1500);

    expect_wire(nta_wire_fragments(40 + 8 + 65000, &path), 45, 65008 + 45 * (40 + 8 + 14));
}

// 1,479 bytes fit: 1,472 in all fragments but the last, which may use all 1,479.
TEST(WireFragments, LastOneMayUseTheOddBytes) {
    const nta_wire_path path = ipv4_path(1499);

    expect_wire(nta_wire_fragments(20 + 1472 + 1479, &path), 2, 1472 + 1479 + 2 * 34);
    expect_wire(nta_wire_fragments(20 + 1472 + 1480, &path), 3, 1472 + 1480 + 3 * 34);
}

TEST(WireFragments, Ipv6LastOneMayUseTheOddBytes) {
    const nta_wire_path path = ipv6_path(1500);

    expect_wire(nta_wire_fragments(40 + 1448 + 1452, &path), 2, 1448 + 1452 + 2 * 62);
    expect_wire(nta_wire_fragments(40 + 1448 + 1453, &path), 3, 1448 + 1453 + 3 * 62);
}

TEST(WireFragments, OptionsAreRepeated) {
    const nta_wire_path path = ipv4_path(1500, 60);

    expect_wire(nta_wire_fragments(60 + 3000, &path), 3, 3000 + 3 * (60 + 14));
}

TEST(WireFragments, MustStayWhole) {
    nta_wire_path path = ipv4_path(1500);

    path.whole = true;
    expect_wire(nta_wire_fragments(1500, &path), 1, 1514);
    expect_wire(nta_wire_fragments(1501, &path), 0, 0);
}

TEST(WireFragments, NoRoomForPayload) {
    const nta_wire_path four = ipv4_path(27);
    const nta_wire_path six = ipv6_path(55);
    const nta_wire_path none = ipv4_path(0, 0);

    expect_wire(nta_wire_fragments(1000, &four), 0, 0);
    expect_wire(nta_wire_fragments(1000, &six), 0, 0);
    expect_wire(nta_wire_fragments(1000, &none), 0, 0);
}

TEST(WireFragments, EveryLengthOverManyPaths) {
    for (const std::uint32_t mtu : {68U, 69U, 576U, 1280U, 1281U, 1492U, 1499U, 1500U, 9000U}) {
        const nta_wire_path four = ipv4_path(mtu);
        const nta_wire_path six = ipv6_path(mtu);

        for (std::uint32_t length = 48; length <= 65535; length += length < 3500 ? 1 : 61) {
            SCOPED_TRACE(testing::Message() << "length " << length << " mtu " << mtu);
            expect_packets(nta_wire_fragments(length, &four),
                           oracle::fragments(length, kIpv4, mtu, false), kEthernet);
            expect_packets(nta_wire_fragments(length, &six),
                           oracle::fragments(length, kIpv6, mtu, true), kEthernet);
            if (testing::Test::HasFailure())
                return;
        }
    }
}

// 65,008 bytes came in 44 fragments, the largest being 1,500 bytes.
TEST(WireReassembled, Ipv4FromTheLargestFragment) {
    const nta_wire_path path = ipv4_path(1500);

    expect_wire(nta_wire_reassembled(20 + 65008, &path), 44, 65008 + 44 * (20 + 14));
}

// The second fragment carries 5 bytes: the datagram is shorter than the first
// fragment with its fragment header, and still came in two.
TEST(WireReassembled, Ipv6ShorterThanItsLargestFragment) {
    const nta_wire_path path = ipv6_path(40 + 8 + 1448);

    expect_wire(nta_wire_reassembled(40 + 1453, &path), 2, 1453 + 2 * (40 + 8 + 14));
}

// A fragment header on a datagram that is whole (RFC 6946).
TEST(WireReassembled, Ipv6AtomicFragment) {
    const nta_wire_path path = ipv6_path(40 + 8 + 1000);

    expect_wire(nta_wire_reassembled(40 + 1000, &path), 1, 1000 + 40 + 8 + 14);
}

TEST(WireReassembled, NonsenseIsOnePacket) {
    const nta_wire_path none = ipv4_path(0);
    const nta_wire_path tiny = ipv4_path(24);
    const nta_wire_path long_header = ipv4_path(1500, 2000);

    EXPECT_EQ(nta_wire_reassembled(1000, &none).packets, 1U);
    EXPECT_EQ(nta_wire_reassembled(1000, &tiny).packets, 1U);
    EXPECT_EQ(nta_wire_reassembled(1000, &long_header).packets, 1U);
}

TEST(WireReassembled, WhateverWasCutForOneMtu) {
    for (const std::uint32_t mtu : {576U, 1281U, 1499U, 1500U}) {
        for (std::uint32_t length = mtu + 1; length <= 9000; length++) {
            for (const bool six : {false, true}) {
                const std::uint32_t header = six ? kIpv6 : kIpv4;
                const auto packets = oracle::fragments(length, header, mtu, six);
                const auto largest =
                    static_cast<std::uint32_t>(*std::max_element(packets.begin(), packets.end()));
                const nta_wire_path path = {largest, header, six, false, with_header(kEthernet)};

                SCOPED_TRACE(testing::Message() << "length " << length << " mtu " << mtu);
                expect_packets(nta_wire_reassembled(length, &path), packets, kEthernet);
                if (testing::Test::HasFailure())
                    return;
            }
        }
    }
}

// What an IPv6 socket cut itself: 1,448 bytes in each, 1,450 left make two more.
TEST(WireCut, CountsTheGivenFragments) {
    const nta_wire_path six = ipv6_path(1500);
    const nta_wire_path four = ipv4_path(1500);

    expect_wire(nta_wire_cut(40 + 1448 + 1450, 3, 1448, &six), 3, 1448 + 1450 + 3 * 62);
    expect_wire(nta_wire_cut(20 + 1480 + 1, 2, 1480, &four), 2, 1480 + 1 + 2 * 34);
    expect_wire(nta_wire_cut(1000, 0, 0, &four), 0, 0);
}

TEST(WireSend, SegmentsThatFit) {
    const nta_wire_gso gso = {20 + 32 + 64000, kIpv4 + kTcpStamps, 1448, 45};
    const nta_wire_path path = ipv4_path(1500);

    expect_wire(nta_wire_send(&gso, &path), 45, 64000 + 45 * (20 + 32 + 14));
}

// The path shrank to 1,400: of each segment of 1,500 bytes, 1,376 fit in the first
// fragment and 104 are left; the last segment, 152 bytes, fits.
TEST(WireSend, SegmentsThatDoNotFitAreFragmented) {
    const nta_wire_gso gso = {20 + 32 + 3 * 1448 + 100, kIpv4 + kTcpStamps, 1448, 4};
    const nta_wire_path path = ipv4_path(1400);

    expect_wire(nta_wire_send(&gso, &path), 7,
                3 * (20 + 1376 + 14) + 3 * (20 + 104 + 14) + (152 + 14));
}

TEST(WireSend, Ipv4DropsAllWhenOneIsTooLong) {
    const nta_wire_gso gso = {20 + 32 + 3 * 1448 + 100, kIpv4 + kTcpStamps, 1448, 4};
    nta_wire_path path = ipv4_path(1400);

    path.whole = true;
    expect_wire(nta_wire_send(&gso, &path), 0, 0);
}

TEST(WireSend, Ipv6DropsThoseTooLong) {
    const nta_wire_gso gso = {40 + 32 + 3 * 1428 + 100, kIpv6 + kTcpStamps, 1428, 4};
    nta_wire_path path = ipv6_path(1400);

    path.whole = true;
    expect_wire(nta_wire_send(&gso, &path), 1, 40 + 32 + 100 + 14);
}

TEST(WireSend, EverySizeAgainstPacketsCutOneByOne) {
    const nta_wire_path path = ipv4_path(576);

    for (std::uint32_t payload = 1; payload < 9000; payload += 7) {
        for (const std::uint32_t size : {500U, 524U, 525U, 1000U, 1448U}) {
            const nta_wire_gso gso = {52 + payload, 52, size, 0};
            oracle::Packets expected;

            for (const std::uint64_t segment : oracle::segments(52, payload, size))
                for (const std::uint64_t piece : oracle::fragments(segment, 20, 576, false))
                    expected.push_back(piece);
            SCOPED_TRACE(testing::Message() << "payload " << payload << " size " << size);
            expect_packets(nta_wire_send(&gso, &path), expected, kEthernet);
            if (testing::Test::HasFailure())
                return;
        }
    }
}

// Of 100 bytes a filled packet has 112, of 1,412 not 1,424 but the 1,420 of the MTU; 32 more.
TEST(WireLink, FillsToAUnit) {
    const nta_wire_link link = {32, 0, 16, 1420};
    const nta_wire_gso gso = {40 + 3000, 40, 1360, 0};

    expect_wire(nta_wire_one(96, &link), 1, 96 + 32);
    expect_wire(nta_wire_one(100, &link), 1, 112 + 32);
    expect_wire(nta_wire_one(1412, &link), 1, 1420 + 32);
    expect_wire(nta_wire_one(1420, &link), 1, 1420 + 32);
    expect_wire(nta_wire_one(1430, &link), 1, 1436 + 32); // as far beyond: 10 of 16
    expect_wire(nta_wire_segments(&gso, &link), 3, 2 * (1408 + 32) + 320 + 32);
}

// Fragments of 1,400 + 20 bytes, of 1,400 + 20 and of 200 + 20.
TEST(WireLink, FillsFragments) {
    const nta_wire_path path = {1420, 20, false, false, {32, 0, 16, 1420}};

    expect_wire(nta_wire_fragments(20 + 3000, &path), 3, 2 * (1420 + 32) + 224 + 32);
}

TEST(WireLink, CountsAtLeast) {
    const nta_wire_link link = {0, 46, 0, 0};
    const nta_wire_gso gso = {40 + 101, 40, 100, 0};

    expect_wire(nta_wire_one(29, &link), 1, 46);
    expect_wire(nta_wire_one(47, &link), 1, 47);
    expect_wire(nta_wire_segments(&gso, &link), 2, 140 + 46);
}
