// SPDX-License-Identifier: GPL-2.0-only
#include "record.h"

#include "support.h"

#include <zlib.h>

#include <cstring>

namespace netatop::test {

namespace {

std::string hex(const std::uint8_t* bytes, std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) {
        std::array<char, 3> digits{};
        std::snprintf(digits.data(), digits.size(), "%02x", bytes[i]);
        text += digits.data();
    }
    return text;
}

std::string encoded(const netpertask& task) {
    const auto record = encode(task);
    return record ? hex(record->bytes.data(), record->size) : record.error().text;
}

netpertask incompressible() {
    netpertask task{};
    std::uint64_t x = 88172645463325252ULL;
    for (std::size_t i = 0; i < sizeof task; i += sizeof x) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        std::memcpy(reinterpret_cast<char*>(&task) + i, &x, sizeof x);
    }
    return task;
}

} // namespace

// The expected bytes were made with Python's struct and zlib.
TEST(Record, TypicalHas39Bytes) {
    netpertask task{};
    task.id = 4711;
    task.btime = 1763798400;
    std::strcpy(task.command, "wget2");
    task.tcpsndpacks = 7;
    task.tcpsndbytes = 530;
    task.tcprcvpacks = 6;
    task.tcprcvbytes = 4120;
    EXPECT_EQ(encoded(task), "27"
                             "789c4b17620083865cc54c105d9e9e5a62c48000ec505a880942b341f912020c4401"
                             "004fa40423");
}

TEST(Record, WorstHas107Bytes) {
    EXPECT_EQ(encoded(incompressible()),
              "6b"
              "789c0160009fffb015defb750969799bc52cae5773332ad09a52277a10ef2fe58b2a43f83d09e4b28716"
              "271309dd713d06751834bb0af771c3214bcd7bb961b77cc7d85e1045e88e3f23c4ae207be7715a7742f0"
              "c8ddc9850861c5e9ef5dfed44b11f89949f16e62482f0e");
}

TEST(Record, EmptyTask) {
    EXPECT_EQ(encoded({}), "0c789c6360a02d000000600001");
}

TEST(Record, ComesBack) {
    const auto task = make_task(4711, 1ULL << 40);
    const auto record = encode(task);
    ASSERT_TRUE(record);
    const auto again = decode(record->bytes.data() + 1, record->bytes[0], sizeof task);
    ASSERT_TRUE(again);
    EXPECT_EQ(std::memcmp(&task, &*again, sizeof task), 0);
}

TEST(Record, NameIsTerminated) {
    const auto record = encode(incompressible());
    const auto again = decode(record->bytes.data() + 1, record->bytes[0], sizeof(netpertask));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->command[NETATOP_COMMAND_LEN - 1], '\0');
}

TEST(Record, LongerOneHasATail) {
    std::array<Bytef, 120> plain{};
    const auto task = make_task(5);
    std::memcpy(plain.data(), &task, sizeof task);
    std::array<Bytef, 200> stream{};
    uLongf length = stream.size();
    ASSERT_EQ(compress(stream.data(), &length, plain.data(), plain.size()), Z_OK);

    const auto again = decode(stream.data(), length, plain.size());
    ASSERT_TRUE(again);
    EXPECT_EQ(std::memcmp(&task, &*again, sizeof task), 0);
    EXPECT_FALSE(decode(stream.data(), length, sizeof task)) << "the tail was not announced";
}

TEST(Record, DamageIsRefused) {
    const auto record = encode(make_task(4711));
    ASSERT_TRUE(record);
    for (std::size_t i = 0; i + 1 < record->size; ++i) {
        EXPECT_FALSE(decode(record->bytes.data() + 1, i, sizeof(netpertask))) << "cut at " << i;
        auto bytes = record->bytes;
        bytes[1 + i] ^= 0x01;
        const auto again = decode(bytes.data() + 1, bytes[0], sizeof(netpertask));
        const netpertask task = make_task(4711);
        EXPECT_TRUE(!again || std::memcmp(&task, &*again, sizeof task) == 0) << "bit at " << i;
    }
    EXPECT_FALSE(decode(record->bytes.data() + 1, record->bytes[0], 40)) << "too short a record";
}

} // namespace netatop::test
