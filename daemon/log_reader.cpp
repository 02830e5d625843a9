// SPDX-License-Identifier: GPL-2.0-only
#include "log_reader.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>

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
    if (header.magic != header_magic || header.hdrlen < sizeof header ||
        header.ntplen < sizeof(netpertask) || header.ntplen > max_ntplen)
        return damaged(path_, "its header is not one of netatopd");
    if (header.curseq < taken_)
        return damaged(path_, "it lost records");
    header_ = header;
    return Done{};
}

Result<std::optional<netpertask>> LogReader::next() {
    if (taken_ == header_.curseq) {
        // First see whether this file is the last, then how far it goes: the
        // other way round, records written in between would be passed over.
        const bool last = !replaced();
        const auto read = read_header();
        if (!read)
            return read.error();
        if (taken_ == header_.curseq && !last) {
            const auto opened = open_file();
            if (!opened && opened.error().code == ENOENT)
                return std::optional<netpertask>(); // the daemon has ended
            if (!opened)
                return opened.error();
        }
    }
    if (taken_ == header_.curseq)
        return std::optional<netpertask>();
    const auto record = read_record();
    if (!record)
        return record.error();
    return std::optional(*record);
}

bool LogReader::replaced() const {
    struct stat info {};
    return ::fstat(file_.get(), &info) == 0 && info.st_nlink == 0;
}

Result<netpertask> LogReader::read_record() {
    std::array<std::uint8_t, 1 + max_stream_length> bytes{};
    const ssize_t length = ::pread(file_.get(), bytes.data(), bytes.size(), position_);
    if (length < 1 || bytes[0] == 0 || length < 1 + bytes[0])
        return damaged(path_, "it ends within a record");
    auto task = decode(bytes.data() + 1, bytes[0], header_.ntplen);
    if (!task)
        return damaged(path_, task.error().text);
    position_ += 1 + bytes[0];
    ++taken_;
    return task;
}

} // namespace netatop
