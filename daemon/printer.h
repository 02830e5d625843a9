// SPDX-License-Identifier: GPL-2.0-only
// Records as text, for people or for programs: a line each.
#pragma once

#include "accounts.h"
#include "ended.h"
#include "log_style.h"
#include "rows.h"

#include <string>

namespace netatop {

class Printer {
public:
    explicit Printer(const LogStyle& style);

    // What stands above all lines; empty for JSON.
    [[nodiscard]] std::string head() const;
    std::string line(const Ended& process);

private:
    [[nodiscard]] std::string table_line(const Ended& process);
    [[nodiscard]] Row row(const Ended& process);

    LogStyle style_;
    RowWriter writer_; // for programs
    Accounts accounts_;
};

// Nothing for an empty text.
Cell text_or_nothing(const std::string& text);
template <typename T>
Cell number_or_nothing(const std::optional<T>& value) {
    return value ? Cell(std::uint64_t{*value}) : Cell();
}

// The counters for programs: names, and values, of which those of loopback may not be known.
void add_counter_columns(std::vector<Column>& columns);
void add_counters(Row& row, const Counters& counters, bool has_loopback);

} // namespace netatop
