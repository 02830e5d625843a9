// SPDX-License-Identifier: GPL-2.0-only
// The text that metrics engines read: Prometheus' format 0.0.4, or OpenMetrics 1.0. They differ in
// the names of types and in how they end, and OpenMetrics names units.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace netatop {

enum class Dialect { prometheus, openmetrics };

// Names of labels and their values, which may be any text. A value that is empty is as good as a
// label that is not there, and is left out.
using Labels = std::vector<std::pair<const char*, std::string>>;

class Exposition {
public:
    explicit Exposition(Dialect dialect) : dialect_(dialect) {}

    // Begins a family. A counter's name has no _total, which its samples get; `unit`, when there is
    // one, is how the name ends.
    void counter(const std::string& name, const std::string& help, const std::string& unit = "");
    void gauge(const std::string& name, const std::string& help, const std::string& unit = "");
    // Its one sample is 1.
    void info(const std::string& name, const std::string& help, const Labels& labels);

    // Samples of the family that was begun last.
    void add(const Labels& labels, std::uint64_t value);
    void add_milliseconds(const Labels& labels, std::int64_t milliseconds);

    // All of it, after which nothing can be added.
    std::string finish();

private:
    void begin(const std::string& name, const char* type, const std::string& help,
               const std::string& unit);
    void sample(const Labels& labels, const std::string& value);

    Dialect dialect_;
    std::string text_;
    std::string sample_; // name of the family's samples
};

} // namespace netatop
