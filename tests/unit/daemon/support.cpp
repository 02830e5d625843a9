// SPDX-License-Identifier: GPL-2.0-only
#include "support.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <zlib.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace netatop::test {

netpertask make_task(int id, unsigned long long packets) {
    netpertask task{};
    task.id = id;
    task.btime = 1763798400;
    std::strcpy(task.command, "curl");
    task.tcpsndpacks = packets;
    task.tcpsndbytes = packets * 66;
    task.tcprcvpacks = packets + 1;
    task.tcprcvbytes = packets * 1500;
    return task;
}

std::string header_bytes(std::uint32_t records, std::uint16_t record, std::int32_t daemon,
                         std::uint16_t header) {
    return bytes_of(std::uint32_t{0xfeedb0b0}) + bytes_of(records) + bytes_of(header) +
           bytes_of(record) + bytes_of(daemon);
}

LogTail make_tail() {
    LogTail tail{};
    tail.start = 123456789012345;
    tail.end = 123456999912345;
    tail.exited = 1763798400211;
    tail.cgroup = 98765;
    tail.uid = 0;
    tail.parent = 4242;
    tail.netns = 4026531840;
    tail.known = 1;
    tail.loopback = {1, 40, 2, 80, 3, 120, 4, 160};
    return tail;
}

Directory::Directory(const char* mount_options) : mounted_(mount_options != nullptr) {
    std::string name = "/tmp/netatop-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("mkdtemp");
    path = name;
    if (mounted_ && ::mount("tmpfs", path.c_str(), "tmpfs", 0, mount_options) != 0)
        throw std::runtime_error("mount");
}

Directory::~Directory() {
    if (mounted_)
        ::umount2(path.c_str(), MNT_DETACH);
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
}

PipeSource::PipeSource() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw std::runtime_error("pipe2");
    in_ = Descriptor(ends[0]);
    out_ = Descriptor(ends[1]);
    void* memory =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        throw std::runtime_error("mmap");
    shared_ = new (memory) Shared;
}

Taken PipeSource::take() {
    if (std::exchange(working_, false))
        ++shared_->done;
    Taken taken{Taken::Outcome::record};
    LogRecord record{};
    const ssize_t length = ::read(in_.get(), &record, sizeof record);
    if (length < 0 && errno == EINTR)
        return {Taken::Outcome::interrupted};
    if (length != sizeof record)
        return {Taken::Outcome::failed, {}, "pipe broken"};
    taken.task = record.task;
    taken.tail = record.tail;
    working_ = true;
    return taken;
}

void PipeSource::put(const netpertask& task, const LogTail& tail) {
    ++shared_->put;
    const LogRecord record{task, tail};
    if (::write(out_.get(), &record, sizeof record) != sizeof record)
        throw std::runtime_error("write to pipe");
}

bool PipeSource::wait_until_done(int seconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (shared_->done < shared_->put) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return true;
}

Client::~Client() {
    close_log();
}

void Client::close_log() {
    if (header_ != nullptr)
        ::munmap(const_cast<std::uint32_t*>(header_), 16);
    if (log_ >= 0)
        ::close(log_);
    header_ = nullptr;
    log_ = -1;
}

bool Client::probe() {
    if (set_ < 0) {
        set_ = ::semget(key, 0, 0);
        if (set_ < 0)
            return false;
        sembuf minus{1, -1, SEM_UNDO};
        if (::semop(set_, &minus, 1) != 0)
            return false;
    }
    if (::semctl(set_, 0, GETVAL, 0) != 1)
        return false;
    if (log_ >= 0) {
        struct stat info {};
        if (::fstat(log_, &info) == 0 && info.st_nlink > 0)
            return true;
        close_log();
    }
    log_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (log_ < 0)
        return false;
    void* map = ::mmap(nullptr, 16, PROT_READ, MAP_SHARED, log_, 0);
    if (map == MAP_FAILED)
        return false;
    ++opened_;
    header_ = static_cast<const std::uint32_t*>(map);
    ::lseek(log_, 0, SEEK_END);
    last_ = __atomic_load_n(&header_[1], __ATOMIC_ACQUIRE);
    return true;
}

std::vector<netpertask> Client::sample() {
    std::vector<netpertask> tasks;
    const std::uint32_t now = __atomic_load_n(&header_[1], __ATOMIC_ACQUIRE);
    const std::uint32_t count = now - std::exchange(last_, now);
    std::uint16_t ntplen = 0;
    std::memcpy(&ntplen, reinterpret_cast<const char*>(header_) + 10, sizeof ntplen);
    for (std::uint32_t i = 0; i < count; ++i) {
        std::uint8_t length = 0;
        if (::read(log_, &length, 1) != 1)
            break;
        std::array<std::uint8_t, 256> stream{};
        EXPECT_LE(length, ntplen + 99) << "atop has no more room";
        EXPECT_EQ(::read(log_, stream.data(), length), length) << "record ends early";
        std::vector<Bytef> plain(ntplen);
        uLongf size = ntplen;
        const int result = ::uncompress(plain.data(), &size, stream.data(), length);
        EXPECT_EQ(result, Z_OK) << "record " << i << " of " << count;
        EXPECT_EQ(size, ntplen);
        if (result != Z_OK)
            break;
        netpertask task{};
        std::memcpy(&task, plain.data(), sizeof task);
        tasks.push_back(task);
    }
    missing_ += count - tasks.size();
    return tasks;
}

void Client::sign_off() {
    sembuf plus{1, 1, SEM_UNDO};
    ::semop(set_, &plus, 1);
    set_ = -1;
    close_log();
}

pid_t Client::daemon_pid() const {
    return static_cast<pid_t>(__atomic_load_n(&header_[3], __ATOMIC_RELAXED));
}

namespace {

int next(std::vector<int>& answers) {
    if (answers.empty())
        return 0;
    const int answer = answers.front();
    answers.erase(answers.begin());
    return answer;
}

} // namespace

int FaultyFiles::openat(int directory, const char* name, int flags, mode_t mode) {
    errno = next(open_errors);
    return errno != 0 ? -1 : Files::openat(directory, name, flags, mode);
}

ssize_t FaultyFiles::pwrite(int fd, const void* data, size_t length, off_t offset) {
    const int answer = next(writes);
    if (answer < 0) {
        errno = -answer;
        return -1;
    }
    return Files::pwrite(fd, data, answer > 0 ? std::min<size_t>(length, answer) : length, offset);
}

int FaultyFiles::renameat(int directory, const char* from, const char* to) {
    errno = next(rename_errors);
    return errno != 0 ? -1 : Files::renameat(directory, from, to);
}

int FaultyFiles::fstatvfs(int fd, struct statvfs* result) {
    const int status = Files::fstatvfs(fd, result);
    if (status == 0 && space)
        space(*result);
    return status;
}

int scaled(int size) {
    const char* scale = std::getenv("NETATOP_TEST_PERCENT");
    return scale == nullptr ? size : size * std::atoi(scale) / 100;
}

pid_t start(const std::function<int()>& body) {
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent)
            ::_exit(98);
        const int status = body();
        ::_exit(::testing::Test::HasFailure() ? 99 : status);
    }
    return child;
}

int finish(pid_t child) {
    int status = 0;
    if (::waitpid(child, &status, 0) != child)
        return -1000;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

ino_t inode(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

int semaphore(int number) {
    return ::semctl(::semget(key, 0, 0), number, GETVAL, 0);
}

} // namespace netatop::test
