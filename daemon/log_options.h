// SPDX-License-Identifier: GPL-2.0-only
// The command line of netatop-log, and what it means.
#pragma once

#include "log_client.h"
#include "options.h"
#include "result.h"

#include <cstdint>
#include <string>

namespace netatop {

class LogOptions {
public:
    // This object must outlive `options`.
    void add_to(Options& options);

    // `now` is in ms since the epoch.
    [[nodiscard]] Result<LogClient> take(std::int64_t now) const;

    static const char* usage();

private:
    [[nodiscard]] Status take_filter(std::int64_t now, LogFilter& filter) const;
    [[nodiscard]] Status take_style(LogStyle& style) const;

    bool follow_ = false, json_ = false, csv_ = false, bytes_ = false, iec_ = false, si_ = false;
    std::string log_ = default_log_path;
    std::string since_, until_, pid_, user_, unit_, command_, min_bytes_, sum_by_;
};

} // namespace netatop
