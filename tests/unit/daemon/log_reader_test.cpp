// SPDX-License-Identifier: GPL-2.0-only
#include "log_reader.h"

#include "exit_log.h"
#include "support.h"

#include <fcntl.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <fstream>
#include <thread>

namespace netatop::test {

namespace {

class LogReaderTest : public ::testing::Test {
protected:
    LogReaderTest() : log(*Place::find(directory.log()), 4242, files) {
        EXPECT_TRUE(log.replace());
    }

    void append(int id) { ASSERT_TRUE(log.append(*encode({make_task(id), {}}))); }

    // All records that are there now.
    static std::vector<int> ids(LogReader& reader) {
        std::vector<int> result;
        for (;;) {
            const auto record = reader.next();
            EXPECT_TRUE(record) << record.error().text;
            if (!record || !*record)
                return result;
            result.push_back((*record)->task.id);
        }
    }

    [[nodiscard]] std::string failure() const {
        auto reader = LogReader::open(directory.log());
        if (!reader)
            return reader.error().text;
        for (;;) {
            const auto record = reader->next();
            if (!record)
                return record.error().text;
            if (!*record)
                return "";
        }
    }

    // Changes the file behind the writer's back.
    void patch(off_t at, const std::string& bytes) const {
        const Descriptor file(::open(directory.log().c_str(), O_WRONLY));
        ASSERT_EQ(::pwrite(file.get(), bytes.data(), bytes.size(), at),
                  static_cast<ssize_t>(bytes.size()));
    }

    Directory directory;
    Files files;
    ExitLog log;
};

} // namespace

TEST_F(LogReaderTest, ReadsWhatIsThereAndWhatComes) {
    append(1);
    append(2);
    auto reader = LogReader::open(directory.log());
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->daemon(), 4242);
    EXPECT_EQ(ids(*reader), (std::vector{1, 2}));
    EXPECT_EQ(ids(*reader), std::vector<int>{});
    append(3);
    EXPECT_EQ(ids(*reader), std::vector{3});
}

TEST_F(LogReaderTest, NothingIsLostAcrossFiles) {
    append(1);
    auto reader = LogReader::open(directory.log());
    ASSERT_TRUE(reader);
    append(2);
    ASSERT_TRUE(log.replace());
    append(3);
    EXPECT_EQ(ids(*reader), (std::vector{1, 2, 3}));
}

TEST_F(LogReaderTest, WaitsForTheNextDaemon) {
    append(1);
    auto reader = LogReader::open(directory.log());
    ASSERT_TRUE(reader);
    log.remove();
    EXPECT_EQ(ids(*reader), std::vector{1});
    EXPECT_EQ(ids(*reader), std::vector<int>{});
    ExitLog next(*Place::find(directory.log()), 5151, files);
    ASSERT_TRUE(next.replace());
    ASSERT_TRUE(next.append(*encode({make_task(2), {}})));
    EXPECT_EQ(ids(*reader), std::vector{2});
    EXPECT_EQ(reader->daemon(), 5151);
}

TEST_F(LogReaderTest, FollowsARenamedFile) {
    append(1);
    auto reader = LogReader::open(directory.log());
    ASSERT_TRUE(reader);
    append(2);
    ASSERT_EQ(::rename(directory.log().c_str(), (directory.path + "/moved").c_str()), 0);
    EXPECT_EQ(ids(*reader), (std::vector{1, 2}));
    append(3);
    EXPECT_EQ(ids(*reader), std::vector{3});
}

TEST_F(LogReaderTest, GoesOnAfterDamage) {
    append(1);
    auto reader = LogReader::open(directory.log());
    ASSERT_TRUE(reader);
    patch(4, bytes_of(std::uint32_t{2}));
    ASSERT_TRUE(reader->next());
    EXPECT_FALSE(reader->next());
    EXPECT_FALSE(reader->next());
    ASSERT_TRUE(log.replace());
    append(2);
    EXPECT_EQ(ids(*reader), std::vector{2});
}

// As one of a later version might have.
TEST_F(LogReaderTest, NextFileHasLongerRecords) {
    append(1);
    auto reader = LogReader::open(directory.log());
    ASSERT_TRUE(reader);
    EXPECT_EQ(ids(*reader), std::vector{1});
    std::array<Bytef, 104> plain{};
    const netpertask task = make_task(7);
    std::memcpy(plain.data(), &task, sizeof task);
    std::array<Bytef, 255> stream{};
    uLongf length = stream.size();
    ASSERT_EQ(::compress(stream.data(), &length, plain.data(), plain.size()), Z_OK);
    auto bytes = header_bytes(1, 104, 4242);
    bytes.push_back(static_cast<char>(length));
    bytes.append(reinterpret_cast<const char*>(stream.data()), length);
    std::ofstream(directory.path + "/next") << bytes;
    ASSERT_EQ(::rename((directory.path + "/next").c_str(), directory.log().c_str()), 0);
    EXPECT_EQ(ids(*reader), std::vector{7});
}

TEST_F(LogReaderTest, ReadsWhileRecordsAreWritten) {
    const int count = scaled(50000);
    auto reader = LogReader::open(directory.log());
    ASSERT_TRUE(reader);
    std::atomic<int> read{0};
    std::thread writer([&] {
        for (int id = 1; id <= count; ++id) {
            append(id);
            // A file that came and went between two looks is lost.
            while (id % 10000 == 0 && read < id - 10000)
                std::this_thread::yield();
            if (id % 10000 == 0) {
                ASSERT_TRUE(log.replace());
            }
        }
    });
    while (read < count) {
        const auto record = reader->next();
        if (!record)
            ADD_FAILURE() << record.error().text;
        if (!record || (*record && (*record)->task.id != read + 1))
            break;
        if (*record)
            ++read;
    }
    EXPECT_EQ(read, count);
    read = count;
    writer.join();
}

TEST_F(LogReaderTest, RecordBeingWrittenIsNotRead) {
    append(1);
    std::ofstream(directory.log(), std::ios::app) << "\x27half a record";
    auto reader = LogReader::open(directory.log());
    ASSERT_TRUE(reader);
    EXPECT_EQ(ids(*reader), std::vector{1});
}

TEST_F(LogReaderTest, LongerHeaderAndRecords) {
    auto bytes = header_bytes(1, 464, 4242, 20) + "tail";
    const auto record = encode({make_task(7), {}});
    bytes.append(reinterpret_cast<const char*>(record->bytes.data()), record->size);
    std::ofstream(directory.log(), std::ios::trunc) << bytes;
    auto reader = LogReader::open(directory.log());
    ASSERT_TRUE(reader);
    EXPECT_EQ(ids(*reader), std::vector{7});
}

TEST_F(LogReaderTest, DamageIsSaid) {
    append(1);
    EXPECT_EQ(failure(), "");
    patch(4, bytes_of(std::uint32_t{2})); // one more than there are
    EXPECT_NE(failure().find("ends within a record"), std::string::npos) << failure();
    patch(4, bytes_of(std::uint32_t{1}));
    patch(25, "xx");
    EXPECT_NE(failure().find("record of the log is damaged"), std::string::npos) << failure();
    patch(16, std::string("\0", 1));
    EXPECT_NE(failure(), "");
    patch(10, bytes_of(std::uint16_t{80})); // records too short
    EXPECT_NE(failure().find("header"), std::string::npos);
    patch(0, "rubbish");
    EXPECT_NE(failure().find("header"), std::string::npos);
    ASSERT_EQ(::truncate(directory.log().c_str(), 10), 0);
    EXPECT_NE(failure().find("too short"), std::string::npos);
}

// As a copy has it that comes from such a machine.
TEST_F(LogReaderTest, OfAMachineOfTheOtherByteOrder) {
    append(1);
    std::string bytes = header_bytes(1, 464, 4242);
    for (const auto& [at, size] : {std::pair{0, 4}, {4, 4}, {8, 2}, {10, 2}, {12, 4}})
        std::reverse(bytes.begin() + at, bytes.begin() + at + size);
    patch(0, bytes);
    EXPECT_NE(failure().find("other byte order"), std::string::npos) << failure();
    EXPECT_EQ(failure().find("damaged"), std::string::npos) << failure();
}

TEST_F(LogReaderTest, ShrinkingCountIsDamage) {
    append(1);
    append(2);
    auto reader = LogReader::open(directory.log());
    ASSERT_TRUE(reader);
    ids(*reader);
    patch(4, bytes_of(std::uint32_t{1}));
    EXPECT_FALSE(reader->next());
}

TEST_F(LogReaderTest, OnlyRegularFiles) {
    EXPECT_FALSE(LogReader::open(directory.path));
    EXPECT_FALSE(LogReader::open("/dev/zero"));
    EXPECT_FALSE(LogReader::open(directory.path + "/none"));
}

} // namespace netatop::test
