// SPDX-License-Identifier: GPL-2.0-only
#include "exit_log.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>

namespace netatop {

namespace {

constexpr off_t header_length = sizeof(Header);

constexpr mode_t log_mode = 0644;

// The smallest step in which a file gets space and grows.
constexpr off_t page = 4096;

// A file that some client never leaves is replaced at this size. Clients then
// lose what they have not read, so it is large, but a guest in /run.
constexpr off_t max_length = 64L << 20;
constexpr off_t share_of_file_system = 8; // at most one of so many parts

// One of so many parts of the file system stays free for others.
constexpr fsblkcnt_t reserve = 20;

// What most records do not exceed, and the longest that there is.
constexpr std::size_t usual_record = 1 + 127;
constexpr std::size_t longest_readable = max_stream_length;

// The kernel moves the end of a file page by page, and who reads at the wrong
// moment, or after the daemon was killed at it, would see a part of a record.
// So none crosses a page as a rule: one that leaves too little of its page for
// the next gets that as well, as zeros behind its stream, which readers ignore.
EncodedRecord fill_page(EncodedRecord record, off_t begin) {
    const auto used = static_cast<std::size_t>(begin % page) + record.size;
    const std::size_t rest = page - used % page;
    if (rest < usual_record && record.bytes[0] + rest <= longest_readable) {
        record.size += rest;
        record.bytes[0] = static_cast<std::uint8_t>(record.size - 1);
    }
    return record;
}

// How many records stand in the file, if it holds nothing else.
std::optional<std::uint32_t> count_records(int fd, off_t length) {
    std::uint32_t count = 0;
    std::array<std::uint8_t, 1 + max_stream_length> bytes{};
    for (off_t at = header_length; at < length; ++count) {
        const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), at);
        if (got < 1 || got < 1 + bytes[0] || bytes[0] > longest_readable ||
            !decode(bytes.data() + 1, bytes[0], sizeof(LogRecord)))
            return std::nullopt;
        at += 1 + bytes[0];
    }
    return count;
}

// A file that was never a log is somebody's, and would be lost.
Status refuse_other_file(const Place& place) {
    const Descriptor file(::openat(place.directory.get(), place.name.c_str(),
                                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file && errno == ENOENT)
        return Done{};
    decltype(Header::magic) magic = 0;
    const ssize_t got = file ? ::pread(file.get(), &magic, sizeof magic, 0) : -1;
    if (got < 0)
        return system_error("cannot read " + place.path, errno, Cause::log);
    if (got > 0 && magic != header_magic)
        return Error{place.path + " is no log of netatopd: refused; give another name or remove it",
                     Cause::log};
    return Done{};
}

Error cannot_create(const Place& place) {
    return with_advice(system_error("cannot create the log " + place.path, errno, Cause::log),
                       place.asked);
}

off_t limit_for(const struct statvfs& space) {
    if (space.f_blocks == 0) // says nothing about its size
        return max_length;
    const auto total = static_cast<double>(space.f_blocks) * static_cast<double>(space.f_frsize);
    return static_cast<off_t>(
        std::min(static_cast<double>(max_length), total / share_of_file_system));
}

} // namespace

void ExitLog::Unmap::operator()(Header* header) const {
    ::munmap(header, sizeof *header);
}

ExitLog::ExitLog(Place place, pid_t pid, Files& files)
    : place_(std::move(place)), draft_("." + place_.name + ".new"), pid_(pid), files_(files) {}

// What stands at the usual place is the daemon's own, whatever it looks like.
Status ExitLog::check() const {
    const int directory = place_.directory.get();
    if (place_.asked != default_log_path) {
        auto kept = refuse_other_file(place_);
        if (!kept)
            return kept;
    }
    const Descriptor trial(files_.openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
    if (trial || errno == EOPNOTSUPP || errno == EISDIR) // of a file system that has none such
        return Done{};
    return cannot_create(place_);
}

Status ExitLog::open() {
    return adopt(find(place_)) ? Done{} : replace();
}

// What stands under the log's name, if anything does that this process may write.
Descriptor ExitLog::find(const Place& place) {
    return Descriptor(::openat(place.directory.get(), place.name.c_str(),
                               O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

bool ExitLog::adopt(Descriptor file) {
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink != 1 ||
        (info.st_mode & 07777) != log_mode)
        return false;
    Header header{};
    if (::pread(file.get(), &header, sizeof header, 0) != header_length ||
        header.magic != header_magic || header.hdrlen != sizeof header ||
        header.ntplen != sizeof(LogRecord))
        return false;
    // A daemon that was killed may have written a record that it did not count.
    const auto whole = count_records(file.get(), info.st_size);
    if (!whole || *whole - header.curseq > 1)
        return false;

    auto mapped = map(file.get());
    if (!mapped)
        return false;
    use(std::move(file), std::move(*mapped), info);
    end_ = info.st_size;
    count_ = *whole;
    __atomic_store_n(&header_->mypid, pid_, __ATOMIC_RELAXED);
    __atomic_store_n(&header_->curseq, count_, __ATOMIC_RELEASE);
    return true;
}

// Clients of a daemon that was killed have its file mapped still, and will
// signal the process that its header names: let that be this one.
void ExitLog::take_over() const {
    const Descriptor old = find(place_);
    Header header{};
    if (!old || ::pread(old.get(), &header, sizeof header, 0) != header_length ||
        header.magic != header_magic)
        return;
    const std::int32_t pid = pid_;
    if (files_.pwrite(old.get(), &pid, sizeof pid, offsetof(Header, mypid)) < 0)
        return; // the file goes away in any case
}

// A daemon that starts meanwhile writes its own id, and that stays.
void ExitLog::disown(const Place& place) {
    const Descriptor file = find(place);
    Header header{};
    if (!file || ::pread(file.get(), &header, sizeof header, 0) != header_length ||
        header.magic != header_magic)
        return;
    void* map = ::mmap(nullptr, header_length, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (map == MAP_FAILED)
        return;
    const MappedHeader mapped(static_cast<Header*>(map));
    __atomic_compare_exchange_n(&mapped->mypid, &header.mypid, absent_daemon, false,
                                __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

Status ExitLog::replace() {
    if (!file_)
        take_over();
    auto file = draft();
    if (!file && errno == ENOENT) { // the directory has gone
        auto place = Place::find(place_.asked);
        if (!place)
            return place.error();
        place_ = std::move(*place);
        draft_ = "." + place_.name + ".new";
        file = draft();
    }
    if (!file)
        return cannot_create(place_);

    const int directory = place_.directory.get();
    auto header = start(file.get());
    struct stat identity {};
    if (header && (::fstat(file.get(), &identity) != 0 ||
                   files_.renameat(directory, draft_.c_str(), place_.name.c_str()) != 0))
        header = system_error("cannot put the log in place as " + place_.path, errno, Cause::log);
    if (!header) {
        ::unlinkat(directory, draft_.c_str(), 0);
        return header.error();
    }
    use(std::move(file), std::move(*header), identity);
    end_ = header_length;
    count_ = 0;
    return Done{};
}

Descriptor ExitLog::draft() const {
    const int directory = place_.directory.get();
    ::unlinkat(directory, draft_.c_str(), 0);
    return Descriptor(files_.openat(directory, draft_.c_str(),
                                    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, log_mode));
}

void ExitLog::use(Descriptor file, MappedHeader header, const struct stat& identity) {
    struct statvfs space {};
    limit_ = files_.fstatvfs(file.get(), &space) == 0 ? limit_for(space) : max_length;
    header_ = std::move(header);
    file_ = std::move(file);
    identity_ = identity;
    watch_.follow(file_.get());
}

// Writes and maps the header of a new file.
Result<ExitLog::MappedHeader> ExitLog::start(int fd) {
    const Header header{header_magic, 0, sizeof(Header), sizeof(LogRecord), pid_};
    if (::fchmod(fd, log_mode) != 0 || !write_all(fd, &header, sizeof header, 0))
        return system_error("cannot write to the log " + place_.path, errno, Cause::log);
    return map(fd);
}

Result<ExitLog::MappedHeader> ExitLog::map(int fd) const {
    void* map = ::mmap(nullptr, header_length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return system_error("cannot map the header of the log " + place_.path, errno, Cause::log);
    return MappedHeader(static_cast<Header*>(map));
}

Status ExitLog::append(const EncodedRecord& encoded) {
    const bool full = count_ > 0 && end_ + static_cast<off_t>(encoded.size) > limit_;
    if (full || !intact()) {
        auto replaced = replace();
        if (!replaced)
            return replaced;
    }
    if (end_ % page == 0 && !room())
        return Error{"the file system of " + place_.path + " is full", Cause::log, ENOSPC};

    const EncodedRecord record = fill_page(encoded, end_);
    auto written = write(record);
    if (!written)
        return written;
    end_ += static_cast<off_t>(record.size);
    // Readers of the mapping see the record before they see it counted.
    __atomic_store_n(&header_->curseq, ++count_, __ATOMIC_RELEASE);
    return Done{};
}

// Of one that crosses a page all the same, what is on the next page comes first: the end of the
// file moves once.
Status ExitLog::write(const EncodedRecord& record) {
    const auto left = static_cast<std::size_t>(page - end_ % page);
    const std::size_t first = std::min(record.size, left);
    const auto* bytes = record.bytes.data();
    if (write_all(file_.get(), bytes + first, record.size - first,
                  end_ + static_cast<off_t>(first)) &&
        write_all(file_.get(), bytes, first, end_))
        return Done{};
    const Error error = system_error("cannot write to the log " + place_.path, errno, Cause::log);
    drop_torn_tail();
    return error;
}

bool ExitLog::write_all(int fd, const void* bytes, std::size_t size, off_t offset) {
    const auto* rest = static_cast<const std::uint8_t*>(bytes);
    while (size > 0) {
        const ssize_t written = files_.pwrite(fd, rest, size, offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        if (written == 0) {
            errno = EIO;
            return false;
        }
        rest += written;
        size -= static_cast<std::size_t>(written);
        offset += written;
    }
    return true;
}

// Some client may have started at the torn end, so it has to start again.
void ExitLog::drop_torn_tail() {
    if (intact() || replace())
        return;
    if (::ftruncate(file_.get(), end_) != 0)
        file_.reset();
}

bool ExitLog::intact() const {
    const auto now = present();
    return now && now->st_size == end_;
}

std::optional<struct stat> ExitLog::present() const {
    struct stat now {};
    const bool ours =
        file_ &&
        ::fstatat(place_.directory.get(), place_.name.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 &&
        now.st_ino == identity_.st_ino && now.st_dev == identity_.st_dev;
    return ours ? std::optional(now) : std::nullopt;
}

bool ExitLog::room() const {
    struct statvfs space {};
    if (files_.fstatvfs(file_.get(), &space) != 0 || space.f_blocks == 0)
        return true; // the write itself will tell
    return space.f_bavail > space.f_blocks / reserve;
}

void ExitLog::remove() {
    if (present())
        ::unlinkat(place_.directory.get(), place_.name.c_str(), 0);
    forget();
}

void ExitLog::leave() {
    if (!intact()) {
        remove();
        return;
    }
    __atomic_store_n(&header_->mypid, absent_daemon, __ATOMIC_RELAXED);
    forget();
}

void ExitLog::forget() {
    header_.reset();
    file_.reset();
    count_ = 0;
}

} // namespace netatop
