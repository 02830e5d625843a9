// SPDX-License-Identifier: GPL-2.0-only
#include "rows.h"

#include "json.h"
#include "text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace netatop {

namespace {

using Kind = Column::Kind;

// As it is in CSV, and where a table shows all digits.
std::string plain(const Cell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell))
        return *text;
    if (const auto* value = std::get_if<std::uint64_t>(&cell))
        return std::to_string(*value);
    if (const auto* time = std::get_if<Milliseconds>(&cell)) {
        std::array<char, 32> text{};
        (void)std::snprintf(text.data(), text.size(), "%lld.%03lld",
                            static_cast<long long>(time->value / 1000),
                            static_cast<long long>(time->value % 1000));
        return text.data();
    }
    return {};
}

std::string table_text(const Cell& cell, Kind kind, const TableStyle& style) {
    const auto* value = std::get_if<std::uint64_t>(&cell);
    if (value == nullptr || kind == Kind::text || kind == Kind::number) {
        const std::string text = harmless(plain(cell));
        return text.empty() ? "-" : text;
    }
    const auto shown = style.interval_ms == 0 ? *value : per_second(*value, style.interval_ms);
    return style.exact ? std::to_string(shown) : short_number(shown, style.base);
}

std::string aligned(const std::string& text, std::size_t columns, Kind kind) {
    if (kind == Kind::text)
        return fitted(text, columns);
    return std::string(columns - std::min(columns, width(text)), ' ') + text;
}

} // namespace

std::string short_number(std::uint64_t value, unsigned base) {
    if (value < base)
        return std::to_string(value);
    const std::array<char, 6> units{base == 1000 ? 'k' : 'K', 'M', 'G', 'T', 'P', 'E'};
    std::size_t unit = 0;
    auto scaled = static_cast<double>(value) / base;
    // What would be rounded to 1024 is 1 of the next unit.
    for (; scaled >= base - 0.5 && unit + 1 < units.size(); ++unit)
        scaled /= base;
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), scaled < 99.95 ? "%.1f%c" : "%.0f%c", scaled,
                        units.at(unit));
    return text.data();
}

std::uint64_t per_second(std::uint64_t value, std::int64_t interval_ms) {
    const auto interval = static_cast<std::uint64_t>(interval_ms);
    // Parts that do not overflow.
    return value / interval * 1000 + (value % interval * 1000 + interval / 2) / interval;
}

std::string csv_field(std::string_view text) {
    std::string valid = clean(text);
    if (valid.find_first_of(",\" ") == std::string::npos)
        return valid;
    std::string quoted = "\"";
    for (const char character : valid) {
        if (character == '"')
            quoted += '"';
        quoted += character;
    }
    return quoted + '"';
}

std::string RowWriter::begin() const {
    if (format_ != Format::csv)
        return {};
    std::string line;
    for (const auto& column : columns_) {
        if (!column.name.empty())
            line += (line.empty() ? "" : ",") + column.name;
    }
    return line + '\n';
}

std::string RowWriter::rows(const std::vector<Row>& rows, const TableStyle& style) const {
    if (format_ == Format::table)
        return table(rows, style);
    std::string text;
    for (const auto& row : rows)
        text += format_ == Format::json ? json(row) : csv(row);
    return text;
}

std::string RowWriter::json(const Row& row) const {
    JsonObject object;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const auto& name = columns_[i].name;
        if (name.empty())
            continue;
        if (const auto* text = std::get_if<std::string>(&row[i]))
            object.text(name, *text);
        else if (const auto* value = std::get_if<std::uint64_t>(&row[i]))
            object.number(name, *value);
        else if (const auto* time = std::get_if<Milliseconds>(&row[i]))
            object.milliseconds(name, time->value);
        else
            object.null(name);
    }
    return object.line();
}

std::string RowWriter::csv(const Row& row) const {
    std::string line;
    bool first = true;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i].name.empty())
            continue;
        line += (first ? "" : ",") + csv_field(plain(row[i]));
        first = false;
    }
    return line + '\n';
}

std::string RowWriter::table(const std::vector<Row>& rows, const TableStyle& style) const {
    std::vector<std::size_t> shown;
    for (std::size_t i = 0; i < columns_.size(); ++i)
        if (!columns_[i].head.empty())
            shown.push_back(i);
    std::vector<std::vector<std::string>> texts(1);
    for (const auto i : shown)
        texts[0].push_back(columns_[i].head);
    for (const auto& row : rows) {
        texts.emplace_back();
        for (const auto i : shown)
            texts.back().push_back(table_text(row[i], columns_[i].kind, style));
    }
    std::vector<std::size_t> widths(shown.size());
    for (const auto& line : texts)
        for (std::size_t k = 0; k < line.size(); ++k)
            widths[k] = std::max(widths[k], width(line[k]));
    std::string all;
    for (const auto& line : texts) {
        std::string row;
        for (std::size_t k = 0; k < line.size(); ++k)
            row += (k == 0 ? "" : " ") + aligned(line[k], widths[k], columns_[shown[k]].kind);
        row.erase(row.find_last_not_of(' ') + 1);
        all += row + '\n';
    }
    return all;
}

} // namespace netatop
