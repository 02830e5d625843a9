// SPDX-License-Identifier: GPL-2.0-only
#include "exposition.h"

#include "json.h"
#include "text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace netatop {

namespace {

// As both formats want values of labels and help texts. What is no valid text is made so before.
void add_escaped(std::string& to, std::string_view text, bool quotes) {
    for (const char c : text) {
        if (c == '\\' || (quotes && c == '"'))
            to += '\\';
        if (c == '\n')
            to += "\\n";
        else
            to += c;
    }
}

// As nearly all names are: it stands for itself.
bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c >= ' ' && c <= '~' && c != '\\' && c != '"'; });
}

} // namespace

LabelText::LabelText(Labels labels) {
    std::size_t size = 0;
    for (const auto& [name, value] : labels)
        size += std::strlen(name) + value.size() + sizeof "=\"\",";
    text_.reserve(size);
    for (const auto& [name, value] : labels) {
        if (value.empty())
            continue;
        if (!text_.empty())
            text_ += ',';
        text_ += name;
        text_ += "=\"";
        if (is_plain(value))
            text_ += value;
        else
            add_escaped(text_, clean(value), true);
        text_ += '"';
    }
}

void Exposition::begin(const std::string& name, const char* type, const std::string& help,
                       const std::string& unit) {
    flush();
    text_ += "# TYPE " + name + ' ' + type + '\n';
    if (dialect_ == Dialect::openmetrics && !unit.empty())
        text_ += "# UNIT " + name + ' ' + unit + '\n';
    text_ += "# HELP " + name + ' ';
    add_escaped(text_, help, dialect_ == Dialect::openmetrics);
    text_ += '\n';
}

void Exposition::counter(const std::string& name, const std::string& help,
                         const std::string& unit) {
    sample_ = name + "_total";
    begin(dialect_ == Dialect::openmetrics ? name : sample_, "counter", help, unit);
}

void Exposition::gauge(const std::string& name, const std::string& help, const std::string& unit) {
    sample_ = name;
    begin(name, "gauge", help, unit);
}

void Exposition::info(const std::string& name, const std::string& help, Labels labels) {
    sample_ = name + "_info";
    if (dialect_ == Dialect::openmetrics)
        begin(name, "info", help, "");
    else
        begin(sample_, "gauge", help, "");
    add(labels, 1);
}

void Exposition::add(Labels labels, std::uint64_t value) {
    sample(labels, std::to_string(value));
}

void Exposition::add_milliseconds(Labels labels, std::int64_t milliseconds) {
    sample(labels, seconds_text(milliseconds));
}

void Exposition::add(const LabelText& who, const LabelText& what, std::uint64_t value) {
    constexpr std::size_t most_of_number = 24; // with what stands around it
    const std::size_t most =
        sample_.size() + who.text().size() + what.text().size() + most_of_number;
    if (most > chunk_.size() - used_)
        flush();
    if (most > chunk_.size()) { // a name without bounds
        text_ += sample_ + '{' + who.text() + ',' + what.text() + "} " + std::to_string(value);
        text_ += '\n';
        return;
    }
    char* to = &chunk_[used_];
    const auto put = [&](const std::string& part) { to += part.copy(to, part.size()); };
    put(sample_);
    *to++ = '{';
    put(who.text());
    *to++ = ',';
    put(what.text());
    *to++ = '}';
    *to++ = ' ';
    to = std::to_chars(to, chunk_.data() + chunk_.size(), value).ptr;
    *to++ = '\n';
    used_ = static_cast<std::size_t>(to - chunk_.data());
}

void Exposition::flush() {
    text_.append(chunk_.data(), std::exchange(used_, 0));
}

void Exposition::sample(Labels labels, const std::string& value) {
    const LabelText all(labels);
    flush();
    text_ += sample_;
    if (!all.text().empty())
        text_ += '{' + all.text() + '}';
    text_ += ' ' + value + '\n';
}

std::string Exposition::finish() {
    flush();
    if (dialect_ == Dialect::openmetrics)
        text_ += "# EOF\n";
    return std::move(text_);
}

} // namespace netatop
