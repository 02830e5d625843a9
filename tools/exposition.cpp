// SPDX-License-Identifier: GPL-2.0-only
#include "exposition.h"

#include "json.h"
#include "text.h"

namespace netatop {

namespace {

// As both formats want values of labels and help texts. What is no valid text is made so before.
std::string escaped(const std::string& text, bool quotes) {
    std::string result;
    result.reserve(text.size());
    for (const char c : text) {
        if (c == '\\' || (quotes && c == '"'))
            result += '\\';
        if (c == '\n')
            result += "\\n";
        else
            result += c;
    }
    return result;
}

} // namespace

void Exposition::begin(const std::string& name, const char* type, const std::string& help,
                       const std::string& unit) {
    text_ += "# TYPE " + name + ' ' + type + '\n';
    if (dialect_ == Dialect::openmetrics && !unit.empty())
        text_ += "# UNIT " + name + ' ' + unit + '\n';
    text_ += "# HELP " + name + ' ' + escaped(help, dialect_ == Dialect::openmetrics) + '\n';
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

void Exposition::info(const std::string& name, const std::string& help, const Labels& labels) {
    sample_ = name + "_info";
    if (dialect_ == Dialect::openmetrics)
        begin(name, "info", help, "");
    else
        begin(sample_, "gauge", help, "");
    add(labels, 1);
}

void Exposition::add(const Labels& labels, std::uint64_t value) {
    sample(labels, std::to_string(value));
}

void Exposition::add_milliseconds(const Labels& labels, std::int64_t milliseconds) {
    sample(labels, seconds_text(milliseconds));
}

void Exposition::sample(const Labels& labels, const std::string& value) {
    text_ += sample_;
    char before = '{';
    for (const auto& [name, text] : labels) {
        if (text.empty())
            continue;
        text_ += before;
        text_ += name;
        text_ += "=\"" + escaped(clean(text), true) + '"';
        before = ',';
    }
    text_ += before == ',' ? "} " : " ";
    text_ += value + '\n';
}

std::string Exposition::finish() {
    if (dialect_ == Dialect::openmetrics)
        text_ += "# EOF\n";
    return std::move(text_);
}

} // namespace netatop
