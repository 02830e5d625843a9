// SPDX-License-Identifier: GPL-2.0-only
// Rows of named values as a table for people, or as JSON or CSV for programs.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace netatop {

enum class Format { table, json, csv };

struct Milliseconds {
    std::int64_t value;
};

// Nothing, text that others may have chosen, a number, or a time in seconds.
using Cell = std::variant<std::monostate, std::string, std::uint64_t, Milliseconds>;
using Row = std::vector<Cell>;

struct Column {
    enum class Kind { text, number, packets, bytes };

    std::string name; // for programs; empty where it is for people alone
    std::string head; // of the table; empty where it is for programs alone
    Kind kind = Kind::text;
};

struct TableStyle {
    bool exact = false;           // all digits of bytes and packets
    std::int64_t interval_ms = 0; // if not 0, packets and bytes are shown as so many a second
    unsigned base = 1024;         // of the units of what is not exact
};

// A number as people like it: 1023, 1.0K, 15.2M; in units of 1000: 999, 1.0k, 15.2M.
std::string short_number(std::uint64_t value, unsigned base = 1024);
// The same a second, of what was counted in so many milliseconds.
std::uint64_t per_second(std::uint64_t value, std::int64_t interval_ms);

std::string csv_field(std::string_view text);

class RowWriter {
public:
    RowWriter(Format format, std::vector<Column> columns)
        : format_(format), columns_(std::move(columns)) {}

    // What stands above all rows, once.
    [[nodiscard]] std::string begin() const;
    // These rows, each with as many cells as there are columns; a table has its heads above them.
    [[nodiscard]] std::string rows(const std::vector<Row>& rows, const TableStyle& style) const;

private:
    [[nodiscard]] std::string json(const Row& row) const;
    [[nodiscard]] std::string csv(const Row& row) const;
    [[nodiscard]] std::string table(const std::vector<Row>& rows, const TableStyle& style) const;

    Format format_;
    std::vector<Column> columns_;
};

} // namespace netatop
