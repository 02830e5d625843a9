// SPDX-License-Identifier: GPL-2.0-only
#include "log_reader.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>

namespace netatop {

namespace {

constexpr std::size_t max_ntplen = 4096;

Error damaged(const std::string& path, const std::string& how) {
    return {"the log " + path + " is damaged: " + how, Cause::log};
}

} // namespace

Result<LogReader> LogReader::open(const std::string& path) {
    LogReader reader(path);
    const auto opened = reader.open_file();
    if (!opened)
        return opened.error();
    return reader;
}

// On failure the present file stays open.
Status LogReader::open_file() {
    LogReader fresh(path_);
    fresh.file_ = Descriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fresh.file_)
        return system_error("cannot open the log " + path_, errno, Cause::log);
    struct stat info {};
    if (::fstat(fresh.file_.get(), &info) != 0 || !S_ISREG(info.st_mode))
        return Error{"the log " + path_ + " is not a regular file", Cause::log};

    auto read = fresh.read_header();
    if (!read)
        return read;
    fresh.position_ = fresh.header_.hdrlen;
    *this = std::move(fresh);
    return Done{};
}

Status LogReader::read_header() {
    Header header{};
    if (::pread(file_.get(), &header, sizeof header, 0) != sizeof header)
        return damaged(path_, "its header is too short");
    // Records are read after the count that promises them.
    std::atomic_thread_fence(std::memory_order_acquire);
    if (header.magic == __builtin_bswap32(header_magic))
        return Error{"the log " + path_ +
                         " was written on a machine of the other byte order: read it on one",
                     Cause::log};
    if (header.magic != header_magic || header.hdrlen < sizeof header ||
        header.ntplen < sizeof(netpertask) || header.ntplen > max_ntplen)
        return damaged(path_, "its header is not one of netatopd");
    if (header.curseq < taken_)
        return damaged(path_, "it lost records");
    header_ = header;
    return Done{};
}

Result<std::optional<LogRecord>> LogReader::next() {
    // First see whether this file is the last, then how far it goes: the
    // other way round, records written in between would be passed over.
    const bool last = waiting() > 0 || !replaced();
    auto record = next_of_file();
    if (record && (*record || last))
        return record;
    if (!record && !replaced())
        return record;
    const auto opened = open_file();
    if (!opened && opened.error().code == ENOENT)
        return std::optional<LogRecord>(); // the daemon has ended
    if (!opened)
        return opened.error();
    return next_of_file();
}

Result<std::optional<LogRecord>> LogReader::next_of_file() {
    if (waiting() == 0) {
        const auto read = read_header();
        if (!read)
            return read.error();
    }
    if (waiting() == 0)
        return std::optional<LogRecord>();
    const auto record = read_record();
    if (!record)
        return record.error();
    return std::optional(*record);
}

// Taken away, or moved: does another file stand under the name, or none?
bool LogReader::replaced() const {
    struct stat mine {};
    struct stat present {};
    if (::fstat(file_.get(), &mine) != 0)
        return false;
    return mine.st_nlink == 0 || ::stat(path_.c_str(), &present) != 0 ||
           present.st_ino != mine.st_ino || present.st_dev != mine.st_dev;
}

bool LogReader::has_daemon() const {
    return header_.mypid > 0 && (::kill(header_.mypid, 0) == 0 || errno != ESRCH);
}

Result<LogRecord> LogReader::read_record() {
    std::array<std::uint8_t, 1 + max_stream_length> bytes{};
    const ssize_t length = ::pread(file_.get(), bytes.data(), bytes.size(), position_);
    if (length < 1 || bytes[0] == 0 || length < 1 + bytes[0])
        return damaged(path_, "it ends within a record");
    auto record = decode(bytes.data() + 1, bytes[0], header_.ntplen);
    if (!record)
        return damaged(path_, record.error().text);
    position_ += 1 + bytes[0];
    ++taken_;
    return record;
}

} // namespace netatop
