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
    // Takes over what a killed daemon left at `place`; makes no file yet.
    ExitLog(Place place, pid_t pid, Files& files);

    // Puts a new, empty file in the place of the present one, which stays as
    // it is for those who have it open. On failure nothing has changed.
    Status replace();

    // On failure the record is skipped and not counted.
    Status append(const EncodedRecord& encoded);

    // Takes the file away, at the daemon's end.
    void remove();

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

    void adopt() const;
    [[nodiscard]] Result<MappedHeader> start(int fd);
    [[nodiscard]] std::optional<struct stat> present() const; // of the file, if under its name
    [[nodiscard]] bool room() const;
    [[nodiscard]] Status write(const EncodedRecord& record);
    [[nodiscard]] bool write_all(int fd, const void* bytes, std::size_t size, off_t offset);
    void drop_torn_tail();

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
