// SPDX-License-Identifier: GPL-2.0-only
// The text that metrics engines read: Prometheus' format 0.0.4, or OpenMetrics 1.0. They differ in
// the names of types and in how they end, and OpenMetrics names units.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace netatop {

enum class Dialect { prometheus, openmetrics };

// Names of labels and their values, which may be any text, and belong to who made the list. A value
// that is empty is as good as a label that is not there, and is left out.
using Labels = std::initializer_list<std::pair<const char*, std::string_view>>;

// The same as they stand in a sample: put together once, for who is in many samples.
class LabelText {
public:
    LabelText(Labels labels);

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_; // a="b",c="d"
};

class Exposition {
public:
    // Of about so many bytes.
    explicit Exposition(Dialect dialect, std::size_t size = 0) : dialect_(dialect) {
        text_.reserve(size);
    }

    // Begins a family. A counter's name has no _total, which its samples get; `unit`, when there is
    // one, is how the name ends.
    void counter(const std::string& name, const std::string& help, const std::string& unit = "");
    void gauge(const std::string& name, const std::string& help, const std::string& unit = "");
    // Its one sample is 1.
    void info(const std::string& name, const std::string& help, Labels labels);

    // Samples of the family that was begun last.
    void add(Labels labels, std::uint64_t value);
    // With the labels of both, of which each has some.
    void add(const LabelText& who, const LabelText& what, std::uint64_t value);
    void add_milliseconds(Labels labels, std::int64_t milliseconds);

    // All of it, after which nothing can be added.
    std::string finish();

private:
    void begin(const std::string& name, const char* type, const std::string& help,
               const std::string& unit);
    void sample(Labels labels, const std::string& value);
    void flush();

    Dialect dialect_;
    std::string text_;
    std::string sample_; // name of the family's samples
    // Lines that are not in the text yet: putting each part of each there takes longer.
    static constexpr std::size_t chunk_size = 1024;
    std::array<char, chunk_size> chunk_{};
    std::size_t used_ = 0;
};

} // namespace netatop
