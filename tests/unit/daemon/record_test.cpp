// SPDX-License-Identifier: GPL-2.0-only
#include "record.h"

#include "support.h"

#include <zlib.h>

#include <algorithm>
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

std::string encoded(const LogRecord& plain) {
    const auto record = encode(plain);
    return record ? hex(record->bytes.data(), record->size) : record.error().text;
}

LogRecord incompressible() {
    LogRecord record{};
    std::uint64_t x = 88172645463325252ULL;
    for (std::size_t i = 0; i < sizeof record; i += sizeof x) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        std::memcpy(reinterpret_cast<char*>(&record) + i, &x, sizeof x);
    }
    return record;
}

void set_path(LogRecord& record, const std::string& path) {
    ASSERT_LT(path.size(), record.tail.path.size());
    std::copy(path.begin(), path.end(), record.tail.path.begin());
}

// The record again, from its bytes.
LogRecord again(const EncodedRecord& record) {
    const auto decoded = decode(record.bytes.data() + 1, record.bytes[0], sizeof(LogRecord));
    EXPECT_TRUE(decoded);
    return decoded ? *decoded : LogRecord{};
}

netpertask typical() {
    netpertask task{};
    task.id = 4711;
    task.btime = 1763798400;
    std::strcpy(task.command, "wget2");
    task.tcpsndpacks = 7;
    task.tcpsndbytes = 530;
    task.tcprcvpacks = 6;
    task.tcprcvbytes = 4120;
    return task;
}

// Expected bytes, made with Python's struct and zlib.
class RecordBytes : public ::testing::Test {
protected:
    void SetUp() override {
        if (bytes_of(std::uint16_t{1})[0] == 0)
            GTEST_SKIP() << "they are those of machines whose first byte is the least";
    }
};

} // namespace

TEST_F(RecordBytes, OfAModuleThatTellsNoMoreHas41Bytes) {
    EXPECT_EQ(encoded({typical(), {}}),
              "29"
              "789c4b17620083865cc54c105d9e9e5a62c48000ec505a880942b341f912020ca360100200424e0423");
}

TEST_F(RecordBytes, WithoutItsPathHas98Bytes) {
    EXPECT_EQ(
        encoded({typical(), make_tail()}),
        "62"
        "789c4b17620083865cc54c105d9e9e5a62c48000ec505a880942b341f912020c4481cafbbc6d1e050c0c333f"
        "cf9f04a22fef99bc6a162303c3d94646b89a4910b33e804460a21a501a6a2d4300946686d215509a054a2f20"
        "ce39c31e00000ae5121e");
}

TEST_F(RecordBytes, OfAServiceHas125Bytes) {
    LogRecord record{typical(), make_tail()};
    set_path(record, "/system.slice/nginx.service");
    EXPECT_EQ(
        encoded(record),
        "7d"
        "789c4b17620083865cc54c105d9e9e5a62c48000ec505a880942b341f912020c4481cafbbc6d1e050c0c333f"
        "cf9f04a22fef99bc6a162303c3d94646b89a4910b33e804460a21a501a6a2d4300946686d215509a054a2f80"
        "d2fac595c525a9b97ac53999c9a9fa79e99979157ac5a94565401e710e1ee2000005111ca2");
}

TEST(Record, WithThePathOfAPod) {
    LogRecord record{typical(), make_tail()};
    set_path(record, "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-"
                     "pod12345678_9abc_def0_1234_56789abcdef0.slice/cri-containerd-"
                     "a3f5c0129be7d4486f0e1d2c3b4a59687786a5b4c3d2e1f0c9b8a7968574635f.scope");
    const auto bytes = encode(record);
    ASSERT_TRUE(bytes);
    EXPECT_STREQ(again(*bytes).tail.path.data(), record.tail.path.data());
}

TEST(Record, PathThatMakesItTooLongIsLeftOut) {
    LogRecord record = incompressible();
    const auto bytes = encode(record);
    ASSERT_TRUE(bytes);
    record.task.command[NETATOP_COMMAND_LEN - 1] = '\0';
    record.tail.path = {};
    const auto decoded = again(*bytes);
    EXPECT_EQ(std::memcmp(&decoded, &record, sizeof record), 0) << "but all else is there";
}

TEST(Record, EmptyTask) {
    EXPECT_EQ(encoded({}), "0e789c63601805c309000001d00001");
}

TEST(Record, ComesBack) {
    LogRecord record{make_task(4711, 1ULL << 40), make_tail()};
    set_path(record, "/user.slice/user-1000.slice/session-2.scope");
    const auto bytes = encode(record);
    ASSERT_TRUE(bytes);
    const auto decoded = again(*bytes);
    EXPECT_EQ(std::memcmp(&record, &decoded, sizeof record), 0);
}

TEST(Record, TextsAreTerminated) {
    LogRecord record{};
    std::memset(record.task.command, 'c', sizeof record.task.command);
    record.tail.path.fill('p');
    const auto decoded = again(*encode(record));
    EXPECT_EQ(std::strlen(decoded.task.command), sizeof record.task.command - 1);
    EXPECT_EQ(std::strlen(decoded.tail.path.data()), record.tail.path.size() - 1);
}

// Of a version before, of another program's tail, and of a version after this one.
TEST(Record, OtherLengths) {
    const LogRecord whole{make_task(5), make_tail()};
    std::array<Bytef, 480> plain{};
    plain.fill('x');
    std::memcpy(plain.data(), &whole, sizeof whole);
    for (const std::size_t ntplen : {96U, 104U, 463U, 464U, 472U, 480U}) {
        std::array<Bytef, 255> stream{};
        uLongf length = stream.size();
        ASSERT_EQ(compress(stream.data(), &length, plain.data(), ntplen), Z_OK);
        const auto decoded = decode(stream.data(), length, ntplen);
        ASSERT_TRUE(decoded);
        EXPECT_EQ(std::memcmp(&whole.task, &decoded->task, sizeof whole.task), 0);
        EXPECT_EQ(decoded->tail.known, ntplen < 464 ? 0U : 1U) << ntplen;
        EXPECT_EQ(decoded->tail.cgroup, ntplen < 464 ? 0U : 98765U) << ntplen;
        EXPECT_FALSE(decode(stream.data(), length, ntplen - 8)) << "the tail was not announced";
    }
}

TEST(Record, DamageIsRefused) {
    const LogRecord whole{make_task(4711), make_tail()};
    const auto record = encode(whole);
    ASSERT_TRUE(record);
    for (std::size_t i = 0; i + 1 < record->size; ++i) {
        EXPECT_FALSE(decode(record->bytes.data() + 1, i, sizeof whole)) << "cut at " << i;
        auto bytes = record->bytes;
        bytes[1 + i] ^= 0x01;
        const auto damaged = decode(bytes.data() + 1, bytes[0], sizeof whole);
        EXPECT_TRUE(!damaged || std::memcmp(&whole, &*damaged, sizeof whole) == 0)
            << "bit at " << i;
    }
    EXPECT_FALSE(decode(record->bytes.data() + 1, record->bytes[0], 40)) << "too short a record";
}

} // namespace netatop::test
