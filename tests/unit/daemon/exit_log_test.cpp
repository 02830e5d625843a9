// SPDX-License-Identifier: GPL-2.0-only
#include "exit_log.h"

#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace netatop::test {

namespace {

constexpr pid_t pid = 4242;

class ExitLogTest : public ::testing::Test {
protected:
    void make(const Directory& directory) {
        auto place = Place::find(directory.log());
        ASSERT_TRUE(place) << place.error().text;
        log = std::make_unique<ExitLog>(std::move(*place), pid, files);
        const auto made = log->replace();
        ASSERT_TRUE(made) << made.error().text;
    }

    // As the next daemon does at its start.
    Status reopen(const Directory& directory, pid_t next) {
        log = std::make_unique<ExitLog>(*Place::find(directory.log()), next, files);
        return log->open();
    }

    static std::int32_t named(const std::string& path) {
        const std::string bytes = contents(path);
        std::int32_t value = 0;
        std::memcpy(&value, bytes.data() + 12, sizeof value);
        return value;
    }

    static void patch(const std::string& path, off_t at, const std::string& bytes) {
        const Descriptor file(::open(path.c_str(), O_WRONLY));
        ASSERT_EQ(::pwrite(file.get(), bytes.data(), bytes.size(), at),
                  static_cast<ssize_t>(bytes.size()));
    }

    Status append(int id) { return log->append(*encode({make_task(id), {}})); }

    // What the file says of itself, by its own bytes.
    static std::uint32_t curseq(const std::string& path) {
        const std::string bytes = contents(path);
        std::uint32_t value = 0;
        std::memcpy(&value, bytes.data() + 4, sizeof value);
        return value;
    }

    // The ids of all counted records, and proof that nothing else is in the file.
    static std::vector<int> ids(const std::string& path) {
        const std::string bytes = contents(path);
        std::vector<int> result;
        std::size_t at = 16;
        while (at < bytes.size()) {
            const auto length = static_cast<std::uint8_t>(bytes[at]);
            const auto record =
                decode(reinterpret_cast<const std::uint8_t*>(&bytes[at + 1]), length, 464);
            EXPECT_TRUE(record) << "at " << at;
            if (!record)
                break;
            result.push_back(record->task.id);
            at += 1U + length;
        }
        EXPECT_EQ(result.size(), curseq(path));
        return result;
    }

    FaultyFiles files;
    std::unique_ptr<ExitLog> log;
};

} // namespace

TEST_F(ExitLogTest, HeaderHasTheseBytes) {
    const Directory directory;
    make(directory);
    EXPECT_EQ(contents(directory.log()), header_bytes(0, 464, 4242));
    struct stat info {};
    ASSERT_EQ(::stat(directory.log().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0644U);
}

TEST_F(ExitLogTest, ModeIgnoresTheMask) {
    const mode_t old = ::umask(0077);
    const Directory directory;
    make(directory);
    ::umask(old);
    struct stat info {};
    ASSERT_EQ(::stat(directory.log().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0644U);
}

TEST_F(ExitLogTest, RecordsFollowInOrder) {
    const Directory directory;
    make(directory);
    for (int id = 1; id <= 3; ++id)
        ASSERT_TRUE(append(id));
    EXPECT_EQ(ids(directory.log()), (std::vector{1, 2, 3}));
}

TEST_F(ExitLogTest, ReplacedFileIsNewAndTheOldOneStays) {
    const Directory directory;
    make(directory);
    ASSERT_TRUE(append(1));
    const Descriptor old(::open(directory.log().c_str(), O_RDONLY));
    struct stat before {};
    ::fstat(old.get(), &before);

    ASSERT_TRUE(log->replace());
    struct stat after {};
    ::fstat(old.get(), &after);
    EXPECT_EQ(after.st_nlink, 0U) << "how a client notices";
    EXPECT_EQ(after.st_size, before.st_size) << "not truncated";
    EXPECT_NE(inode(directory.log()), before.st_ino);
    EXPECT_EQ(ids(directory.log()), std::vector<int>{});
    ASSERT_TRUE(append(2));
    EXPECT_EQ(ids(directory.log()), std::vector{2});
}

TEST_F(ExitLogTest, ShortWritesAndInterruptionsAreContinued) {
    const Directory directory;
    make(directory);
    files.writes = {-EINTR, 1, -EINTR, 5, 1, -EINTR};
    ASSERT_TRUE(append(7));
    ASSERT_TRUE(append(8));
    EXPECT_EQ(ids(directory.log()), (std::vector{7, 8}));
}

TEST_F(ExitLogTest, OneByteMissingIsNotCounted) {
    const Directory directory;
    make(directory);
    ASSERT_TRUE(append(1));
    const auto before = inode(directory.log());
    const auto size = static_cast<int>(encode({make_task(2), {}})->size);
    files.writes = {size - 1, -ENOSPC};
    EXPECT_FALSE(append(2));
    // Who started at the torn end has to start again.
    EXPECT_NE(inode(directory.log()), before);
    EXPECT_EQ(ids(directory.log()), std::vector<int>{});
    ASSERT_TRUE(append(3));
    EXPECT_EQ(ids(directory.log()), std::vector{3});
}

TEST_F(ExitLogTest, TornTailIsCutWhenTheFileCannotBeReplaced) {
    const Directory directory;
    make(directory);
    ASSERT_TRUE(append(1));
    files.writes = {10, -ENOSPC};
    files.open_errors = {ENOSPC};
    EXPECT_FALSE(append(2));
    EXPECT_EQ(ids(directory.log()), std::vector{1});
    ASSERT_TRUE(append(3));
    EXPECT_EQ(ids(directory.log()), (std::vector{1, 3}));
}

TEST_F(ExitLogTest, NothingWrittenLeavesTheFile) {
    const Directory directory;
    make(directory);
    ASSERT_TRUE(append(1));
    const auto before = inode(directory.log());
    files.writes = {-ENOSPC};
    EXPECT_FALSE(append(2));
    EXPECT_EQ(inode(directory.log()), before);
    EXPECT_EQ(ids(directory.log()), std::vector{1});
}

// The kernel moves the end of a file page by page; whoever looks at any moment
// must see the end of a record.
class Watching : public Files {
public:
    ssize_t pwrite(int fd, const void* data, size_t length, off_t offset) override {
        // The kernel would move the end page by page within such a one.
        if (length > 0 && offset / 4096 != (offset + static_cast<off_t>(length) - 1) / 4096)
            ++crossing;
        const ssize_t written = Files::pwrite(fd, data, length, offset);
        struct stat now {};
        if (::fstat(fd, &now) == 0)
            sizes.push_back(now.st_size);
        return written;
    }

    std::vector<off_t> sizes; // of the file, after each write
    int crossing = 0;         // writes that cross a page
};

// Paths make records too long for zeros to keep each within a page.
TEST_F(ExitLogTest, FileEndsAtTheEndOfARecordAtAnyMoment) {
    const Directory directory;
    Watching watching;
    ExitLog own(*Place::find(directory.log()), 4242, watching);
    ASSERT_TRUE(own.replace());
    std::vector<int> expected;
    std::vector<off_t> ends{16};
    int crossing = 0;
    for (int id = 1; id <= 1000; ++id) {
        LogRecord record{make_task(id, static_cast<unsigned>(id * 7919)), make_tail()};
        const std::string path = "/system.slice/docker-" + std::to_string(id * 104729L) +
                                 "f00dfeedbeefcafe0123456789abcdef.scope";
        std::copy(path.begin(), path.end(), record.tail.path.begin());
        const auto before = contents(directory.log()).size();
        ASSERT_TRUE(own.append(*encode(record)));
        const auto after = contents(directory.log()).size();
        crossing += before / 4096 != (after - 1) / 4096 ? 1 : 0;
        ends.push_back(static_cast<off_t>(after));
        expected.push_back(id);
    }
    EXPECT_GT(crossing, 5) << "or nothing is proved";
    EXPECT_EQ(watching.crossing, 0);
    for (const off_t size : watching.sizes)
        EXPECT_TRUE(std::binary_search(ends.begin(), ends.end(), size)) << size;
    EXPECT_EQ(ids(directory.log()), expected);
}

TEST_F(ExitLogTest, NoRecordCrossesAPage) {
    const Directory directory;
    make(directory);
    for (int id = 1; id <= 1000; ++id)
        ASSERT_TRUE(
            log->append(*encode({make_task(id, static_cast<unsigned>(id * 7919)), make_tail()})));

    const std::string bytes = contents(directory.log());
    std::size_t at = 16;
    int count = 0;
    int filled = 0;
    for (; at < bytes.size(); ++count) {
        const auto length = static_cast<std::uint8_t>(bytes[at]);
        ASSERT_GT(length, 0);
        EXPECT_EQ(at / 4096, (at + length) / 4096) << "record at " << at;
        at += 1U + length;
        filled += at % 4096 == 0 ? 1 : 0;
    }
    EXPECT_EQ(count, 1000);
    EXPECT_GT(filled, 5);
    EXPECT_EQ(ids(directory.log()).size(), 1000U);
}

TEST_F(ExitLogTest, FullFileSystemSkipsAndRecovers) {
    NEEDS_ROOT();
    const Directory directory("size=64k,mode=755");
    make(directory);
    const std::string ballast = directory.path + "/ballast";
    std::ofstream(ballast) << std::string(60 * 1024, 'x');

    int kept = 0;
    int skipped = 0;
    for (int id = 1; id <= 1000; ++id)
        ++(append(id) ? kept : skipped);
    EXPECT_GT(skipped, 0);
    EXPECT_EQ(ids(directory.log()).size(), static_cast<std::size_t>(kept));

    ASSERT_EQ(::unlink(ballast.c_str()), 0);
    EXPECT_TRUE(append(1001));
    EXPECT_EQ(ids(directory.log()).back(), 1001);
}

TEST_F(ExitLogTest, SmallFileSystemIsSharedWithOthers) {
    NEEDS_ROOT();
    const Directory directory("size=64k,mode=755");
    make(directory);
    for (int id = 1; id <= 3000; ++id) {
        ASSERT_TRUE(append(id));
        ASSERT_LE(contents(directory.log()).size(), 8U * 1024);
    }
    EXPECT_EQ(ids(directory.log()).back(), 3000);
}

TEST_F(ExitLogTest, FreeBlocksAreNotAvailableOnes) {
    const Directory directory;
    make(directory);
    files.space = [](struct statvfs& space) { space.f_bavail = 0; };
    int kept = 0;
    for (int id = 1; id <= 300; ++id)
        kept += append(id) ? 1 : 0;
    EXPECT_LE(contents(directory.log()).size(), 4096U) << "no new page without space";
    EXPECT_GT(kept, 0);
}

TEST_F(ExitLogTest, FileSystemWithoutBlockCount) {
    files.space = [](struct statvfs& space) {
        space.f_blocks = 0;
        space.f_bfree = 0;
        space.f_bavail = 0;
    };
    const Directory directory;
    make(directory);
    for (int id = 1; id <= 300; ++id)
        ASSERT_TRUE(append(id));
    EXPECT_EQ(ids(directory.log()).size(), 300U);
}

TEST_F(ExitLogTest, RemovedFileIsMadeAgain) {
    const Directory directory;
    make(directory);
    ASSERT_TRUE(append(1));
    ASSERT_EQ(::unlink(directory.log().c_str()), 0);
    EXPECT_FALSE(log->intact());
    ASSERT_TRUE(append(2));
    EXPECT_TRUE(log->intact());
    EXPECT_EQ(ids(directory.log()), std::vector{2});
}

TEST_F(ExitLogTest, ForeignFileInItsPlaceIsReplaced) {
    const Directory directory;
    make(directory);
    const std::string other = directory.path + "/other";
    std::ofstream(other) << "rubbish";
    ASSERT_EQ(::rename(other.c_str(), directory.log().c_str()), 0);
    ASSERT_TRUE(append(2));
    EXPECT_EQ(ids(directory.log()), std::vector{2});
}

TEST_F(ExitLogTest, TruncatedOrExtendedFileIsReplaced) {
    const Directory directory;
    make(directory);
    ASSERT_TRUE(append(1));
    ASSERT_EQ(::truncate(directory.log().c_str(), 0), 0);
    ASSERT_TRUE(append(2));
    EXPECT_EQ(ids(directory.log()), std::vector{2});

    std::ofstream(directory.log(), std::ios::app) << "rubbish";
    ASSERT_TRUE(append(3));
    EXPECT_EQ(ids(directory.log()), std::vector{3});
}

TEST_F(ExitLogTest, FailedReplacementChangesNothing) {
    const Directory directory;
    make(directory);
    ASSERT_TRUE(append(1));
    files.rename_errors = {EROFS};
    EXPECT_FALSE(log->replace());
    files.open_errors = {ENOSPC};
    EXPECT_FALSE(log->replace());
    files.writes = {-ENOSPC};
    EXPECT_FALSE(log->replace());
    EXPECT_EQ(ids(directory.log()), std::vector{1});
    ASSERT_TRUE(append(2));
    EXPECT_EQ(ids(directory.log()), (std::vector{1, 2}));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path), {}), 1)
        << "no draft is left";
}

TEST_F(ExitLogTest, TakesOverFromAKilledDaemon) {
    const Directory directory;
    make(directory);
    ASSERT_TRUE(append(1));
    const Descriptor mapped(::open(directory.log().c_str(), O_RDONLY));
    std::ofstream(directory.path + "/.netatop.log.new") << "left by a daemon that was killed";

    auto place = Place::find(directory.log());
    ExitLog next(std::move(*place), 5151, files);
    ASSERT_TRUE(next.replace());
    std::int32_t signalled = 0;
    ASSERT_EQ(::pread(mapped.get(), &signalled, 4, 12), 4);
    EXPECT_EQ(signalled, 5151) << "clients of the dead daemon must not signal a stranger";
    EXPECT_EQ(ids(directory.log()), std::vector<int>{});
}

TEST_F(ExitLogTest, GoesOnWithAWholeLog) {
    const Directory directory;
    make(directory);
    for (int id = 1; id <= 500; ++id)
        ASSERT_TRUE(append(id));
    const auto before = inode(directory.log());
    ASSERT_TRUE(reopen(directory, 5151));
    EXPECT_EQ(inode(directory.log()), before);
    EXPECT_EQ(log->count(), 500U);
    EXPECT_EQ(named(directory.log()), 5151);
    ASSERT_TRUE(append(501));
    EXPECT_EQ(ids(directory.log()).back(), 501);
}

TEST_F(ExitLogTest, LeftLogNamesNoProcess) {
    const Directory directory;
    make(directory);
    ASSERT_TRUE(append(1));
    log->leave();
    EXPECT_GT(named(directory.log()), 4194304) << "above every process id";
    EXPECT_EQ(ids(directory.log()), std::vector{1});
}

// As a daemon leaves it that was killed between record and count.
TEST_F(ExitLogTest, RecordThatIsNotCountedYetIsCounted) {
    const Directory directory;
    make(directory);
    ASSERT_TRUE(append(1));
    ASSERT_TRUE(append(2));
    patch(directory.log(), 4, bytes_of(std::uint32_t{1}));
    const auto before = inode(directory.log());
    ASSERT_TRUE(reopen(directory, 5151));
    EXPECT_EQ(inode(directory.log()), before);
    EXPECT_EQ(ids(directory.log()), (std::vector{1, 2}));
}

TEST_F(ExitLogTest, DamagedLogIsReplacedByTheNextDaemon) {
    const Directory directory;
    make(directory);
    ASSERT_TRUE(append(1));
    ASSERT_TRUE(append(2));
    const std::string whole = contents(directory.log());
    const auto damage = [&](const std::string& name, const std::string& bytes, mode_t mode = 0644) {
        ASSERT_EQ(::unlink(directory.log().c_str()), 0);
        std::ofstream(directory.log()) << bytes;
        ASSERT_EQ(::chmod(directory.log().c_str(), mode), 0);
        const Descriptor old(::open(directory.log().c_str(), O_RDONLY));
        ASSERT_TRUE(reopen(directory, 5151)) << name;
        struct stat info {};
        ASSERT_EQ(::fstat(old.get(), &info), 0);
        EXPECT_EQ(info.st_nlink, 0U) << name;
        EXPECT_EQ(ids(directory.log()), std::vector<int>{}) << name;
        EXPECT_EQ(named(directory.log()), 5151) << name;
    };
    const auto with = [&](std::size_t at, const std::string& other) {
        return std::string(whole).replace(at, other.size(), other);
    };
    damage("empty", "");
    damage("half a header", whole.substr(0, 10));
    damage("torn", whole.substr(0, whole.size() - 1));
    damage("rubbish behind it", whole + "rubbish");
    damage("counts one too many", with(4, bytes_of(std::uint32_t{3})));
    damage("counts two too few", with(4, bytes_of(std::uint32_t{0})));
    damage("longer header", with(8, bytes_of(std::uint16_t{20})));
    damage("records of a version before", with(10, bytes_of(std::uint16_t{96})));
    damage("longer records", with(10, bytes_of(std::uint16_t{720})));
    damage("changed within a record", with(30, "x"));
    damage("length of a record", with(16, bytes_of('\0')));
    damage("magic", with(0, "x"));
    damage("mode", whole, 0666);
}

TEST_F(ExitLogTest, LogUnderTwoNamesIsReplaced) {
    const Directory directory;
    make(directory);
    ASSERT_TRUE(append(1));
    ASSERT_EQ(::link(directory.log().c_str(), (directory.path + "/other").c_str()), 0);
    ASSERT_TRUE(reopen(directory, 5151));
    EXPECT_NE(inode(directory.log()), inode(directory.path + "/other"))
        << "clients of it would never see a new one";
}

TEST_F(ExitLogTest, FileThatIsNoLogIsRefused) {
    const Directory directory;
    for (const std::string text : {"x", "a letter to a friend, or the keys of a house"}) {
        std::ofstream(directory.log()) << text;
        const ExitLog other(*Place::find(directory.log()), pid, files);
        const auto checked = other.check();
        ASSERT_FALSE(checked);
        EXPECT_NE(checked.error().text.find("no log"), std::string::npos) << checked.error().text;
        EXPECT_EQ(contents(directory.log()), text);
    }
}

TEST_F(ExitLogTest, RemovedDirectoryIsUsedAgainWhenItIsThere) {
    const Directory directory;
    const std::string inner = directory.path + "/inner";
    ASSERT_EQ(::mkdir(inner.c_str(), 0755), 0);
    log = std::make_unique<ExitLog>(*Place::find(inner + "/netatop.log"), pid, files);
    ASSERT_TRUE(log->open());
    std::filesystem::remove_all(inner);
    EXPECT_FALSE(append(1));
    ASSERT_EQ(::mkdir(inner.c_str(), 0755), 0);
    EXPECT_TRUE(append(2));
    EXPECT_EQ(ids(inner + "/netatop.log"), std::vector{2});
}

TEST_F(ExitLogTest, GoesAway) {
    const Directory directory;
    make(directory);
    ASSERT_TRUE(append(1));
    log->remove();
    EXPECT_EQ(inode(directory.log()), 0U);
}

TEST_F(ExitLogTest, LeavesAForeignFileInItsPlace) {
    const Directory directory;
    make(directory);
    ASSERT_EQ(::unlink(directory.log().c_str()), 0);
    std::ofstream(directory.log()) << "another one's";
    log->remove();
    EXPECT_EQ(contents(directory.log()), "another one's");
}

} // namespace netatop::test
