// SPDX-License-Identifier: GPL-2.0-only
// What the daemon's tests share. None of it uses the daemon's own code to say
// what is right: the client reads the log by itself, as the interface's
// description says.
#pragma once

#include "files.h"
#include "source.h"

#include <gtest/gtest.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace netatop::test {

constexpr key_t key = 1541961;

netpertask make_task(int id, unsigned long long packets = 1);

// A number as this machine has it in memory.
template <typename Number>
std::string bytes_of(Number number) {
    std::string bytes(sizeof number, '\0');
    std::memcpy(bytes.data(), &number, sizeof number);
    return bytes;
}

// The header of a log by hand, with so many records, each so long.
std::string header_bytes(std::uint32_t records, std::uint16_t record, std::int32_t daemon,
                         std::uint16_t header = 16);

// All of a tail but the path.
LogTail make_tail();

// A directory that goes away with its contents.
class Directory {
public:
    explicit Directory(const char* mount_options = nullptr); // of a tmpfs, if given
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory();

    [[nodiscard]] std::string log() const { return path + "/netatop.log"; }

    std::string path;

private:
    bool mounted_;
};

// A source fed through a pipe: a read from it blocks as the module does, and
// is interrupted as the module is.
class PipeSource : public ExitSource {
public:
    PipeSource();
    Taken probe() override { return {Taken::Outcome::record}; }
    Taken take() override;

    void put(const netpertask& task, const LogTail& tail = {});

    // Waits until all that was put is taken and the taker has come back.
    [[nodiscard]] bool wait_until_done(int seconds = 60);

private:
    Descriptor in_;
    Descriptor out_;
    struct Shared {
        std::atomic<std::uint64_t> put{0};
        std::atomic<std::uint64_t> done{0};
    };
    Shared* shared_; // with forked processes
    bool working_ = false;
};

// Reads the log the way atop does.
class Client {
public:
    explicit Client(std::string path) : path_(std::move(path)) {}
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    // As at the begin of each sample: false when there is no daemon or log.
    bool probe();

    // As at the end of each sample; fails the test on anything that atop
    // would misread.
    std::vector<netpertask> sample();

    // Counts itself out; does not signal.
    void sign_off();

    [[nodiscard]] pid_t daemon_pid() const;
    [[nodiscard]] int opened() const { return opened_; }

    // Records that `curseq` promised and the file does not hold. Only a client
    // that looked at the file's end and at `curseq` while a record was being
    // written may miss one, once.
    [[nodiscard]] std::size_t missing() const { return missing_; }

private:
    void close_log();

    std::string path_;
    int set_ = -1;
    int log_ = -1;
    const std::uint32_t* header_ = nullptr;
    std::uint32_t last_ = 0;
    int opened_ = 0;
    std::size_t missing_ = 0;
};

// System calls that fail when told to; each answer is used once.
class FaultyFiles : public Files {
public:
    int openat(int directory, const char* name, int flags, mode_t mode) override;
    ssize_t pwrite(int fd, const void* data, size_t length, off_t offset) override;
    int renameat(int directory, const char* from, const char* to) override;
    int fstatvfs(int fd, struct statvfs* space) override;

    std::vector<int> open_errors;
    std::vector<int> rename_errors;
    // Positive: so many bytes are written; negative: this error.
    std::vector<int> writes;
    std::function<void(struct statvfs&)> space;
};

// So much of a test's size as $NETATOP_TEST_PERCENT asks for; all by default.
int scaled(int size);

// Runs `body` in a child process, which exits with what it returns, and dies with this one.
pid_t start(const std::function<int()>& body);

// The child's exit status, or minus the signal that killed it.
int finish(pid_t child);

// Waits up to a minute until `condition` holds.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

std::string contents(const std::string& path);
ino_t inode(const std::string& path); // 0 when there is none

// Values of the semaphores with our key; -1 when there is no set.
int semaphore(int number);

// Skips the test unless it runs as root.
#define NEEDS_ROOT()                                                                               \
    do {                                                                                           \
        if (::geteuid() != 0)                                                                      \
            GTEST_SKIP() << "needs root";                                                          \
    } while (false)

} // namespace netatop::test
