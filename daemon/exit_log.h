// SPDX-License-Identifier: GPL-2.0-only
// The exit log as its only writer sees it; format.h has the layout.
#pragma once

#include "descriptor.h"
#include "files.h"
#include "format.h"
#include "log_watch.h"
#include "place.h"
#include "record.h"
#include "result.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace netatop {

class ExitLog {
public:
    // Touches nothing yet.
    ExitLog(Place place, pid_t pid, Files& files);

    // Can a log be made here, without the loss of a file that is none?
    [[nodiscard]] Status check() const;

    // Goes on with the log that a daemon before this one left, so that its readers notice nothing;
    // makes a new one when there is none that is whole.
    Status open();

    // Puts a new, empty file in the place of the present one, which stays as
    // it is for those who have it open. On failure nothing has changed.
    Status replace();

    // On failure the record is skipped and not counted.
    Status append(const EncodedRecord& encoded);

    // At the daemon's end: takes the file away, or leaves it to the next daemon.
    void remove();
    void leave();

    // Takes the process id of a daemon that was killed out of what it left at `place`.
    static void disown(const Place& place);

    // Is what stands under the log's name the file that this object wrote,
    // and nothing else in it?
    [[nodiscard]] bool intact() const;

    // Tells when the file may be intact no more; follows nothing before the first replace().
    [[nodiscard]] LogWatch& watch() { return watch_; }

    [[nodiscard]] std::uint32_t count() const { return count_; }
    [[nodiscard]] const std::string& path() const { return place_.path; }

private:
    struct Unmap {
        void operator()(Header* header) const;
    };
    using MappedHeader = std::unique_ptr<Header, Unmap>;

    static Descriptor find(const Place& place);
    [[nodiscard]] bool adopt(Descriptor file);
    void take_over() const;
    [[nodiscard]] Descriptor draft() const;
    [[nodiscard]] Result<MappedHeader> start(int fd);
    [[nodiscard]] Result<MappedHeader> map(int fd) const;
    void use(Descriptor file, MappedHeader header, const struct stat& identity);
    [[nodiscard]] std::optional<struct stat> present() const; // of the file, if under its name
    [[nodiscard]] bool room() const;
    [[nodiscard]] Status write(const EncodedRecord& record);
    [[nodiscard]] bool write_all(int fd, const void* bytes, std::size_t size, off_t offset);
    void drop_torn_tail();
    void forget();

    Place place_;
    std::string draft_;
    pid_t pid_;
    Files& files_;

    LogWatch watch_;
    Descriptor file_;
    MappedHeader header_;
    struct stat identity_ {};
    off_t end_ = 0;
    off_t limit_ = 0;
    std::uint32_t count_ = 0;
};

} // namespace netatop
