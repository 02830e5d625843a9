// SPDX-License-Identifier: GPL-2.0-only
// Fuzzes module/wire.c: any input may come, none may crash or overflow, and
// sensible ones must agree with packets that are cut one by one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

extern "C" {
#include "wire.h"
}
#include "../unit/wire/oracle.h"

namespace {

struct Input {
    nta_wire_gso gso;
    std::uint32_t mtu;
    std::uint32_t header;
    nta_wire_link link;
    std::uint32_t count;
    std::uint8_t ipv6;
    std::uint8_t whole;
    std::uint8_t sensible;
};

void require(bool truth) {
    if (!truth)
        std::abort();
}

void agree(const nta_wire& wire, const oracle::Packets& packets, std::uint64_t link) {
    require(wire.packets == packets.size());
    require(wire.bytes == oracle::bytes(packets, link));
}

/// Folds the input into ranges that a kernel can produce.
void make_sensible(Input& in) {
    in.header = (in.ipv6 ? 40 : 20) + in.header % 64;
    in.gso.headers = in.header + 8 + in.gso.headers % 53;
    in.gso.len = in.gso.headers + 1 + in.gso.len % 600000;
    in.gso.size = 8 + in.gso.size % 65528;
    in.gso.segs = 0;
    in.mtu = 68 + in.mtu % 65468;
    in.link = {in.link.header % 32, 0, 0, 0};
    in.whole = 0;
}

void compare(const Input& in, const nta_wire_path& path) {
    const std::uint64_t payload = in.gso.len - in.gso.headers;
    const auto segments = oracle::segments(in.gso.headers, payload, in.gso.size);
    oracle::Packets sent;

    agree(nta_wire_segments(&in.gso, &in.link), segments, in.link.header);
    agree(nta_wire_fragments(in.gso.len, &path),
          oracle::fragments(in.gso.len, in.header, in.mtu, path.ipv6), in.link.header);
    for (const std::uint64_t segment : segments)
        for (const std::uint64_t piece : oracle::fragments(segment, in.header, in.mtu, path.ipv6))
            sent.push_back(piece);
    agree(nta_wire_send(&in.gso, &path), sent, in.link.header);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input in{};
    if (size < sizeof(in))
        return -1;
    std::memcpy(&in, data, sizeof(in));
    if (in.sensible)
        make_sensible(in);

    const nta_wire_path path = {in.mtu, in.header, in.ipv6 != 0, in.whole != 0, in.link};
    if (in.sensible)
        compare(in, path);
    require(nta_wire_one(in.gso.len, &in.link).bytes >= in.gso.len);
    require(nta_wire_segments(&in.gso, &in.link).packets >= 1);
    require(nta_wire_reassembled(in.gso.len, &path).packets >= 1);
    require(nta_wire_cut(in.gso.len, in.count, in.gso.size, &path).packets == in.count);
    for (const nta_wire& wire :
         {nta_wire_fragments(in.gso.len, &path), nta_wire_send(&in.gso, &path)})
        require(wire.packets != 0 || wire.bytes == 0);
    return 0;
}
