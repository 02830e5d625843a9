// SPDX-License-Identifier: GPL-2.0-only
// Reads the exit log while the daemon writes it, across new files.
#pragma once

#include "descriptor.h"
#include "format.h"
#include "record.h"
#include "result.h"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace netatop {

class LogReader {
public:
    // From the first record that the file holds.
    static Result<LogReader> open(const std::string& path);

    // The next record, or none as long as the daemon has written no more.
    // After an error the log is damaged; it goes on as soon as there is another file.
    Result<std::optional<LogRecord>> next();

    // How many records were there when it last looked and are not taken yet: next() gives so many
    // without a look at newer ones.
    [[nodiscard]] std::uint32_t waiting() const { return header_.curseq - taken_; }

    // The daemon that the log names.
    [[nodiscard]] pid_t daemon() const { return header_.mypid; }
    [[nodiscard]] bool has_daemon() const;

private:
    explicit LogReader(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] Status open_file();
    [[nodiscard]] Status read_header();
    [[nodiscard]] bool replaced() const;
    Result<std::optional<LogRecord>> next_of_file();
    Result<LogRecord> read_record();

    std::string path_;
    Descriptor file_;
    Header header_{};
    std::uint32_t taken_ = 0; // records of this file
    off_t position_ = 0;      // of the next record
};

} // namespace netatop
