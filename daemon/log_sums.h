// SPDX-License-Identifier: GPL-2.0-only
// What the processes of a log carried together, by what they have in common.
#pragma once

#include "accounts.h"
#include "ended.h"
#include "log_style.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace netatop {

enum class SumBy { command, user, unit };

std::optional<SumBy> sum_by(const std::string& name);

class LogSums {
public:
    explicit LogSums(SumBy by) : by_(by) {}

    void add(const Ended& process);

    // What carried most bytes comes first.
    std::string text(const LogStyle& style);

private:
    struct Sum {
        std::uint64_t processes = 0;
        Counters counters;
        bool has_loopback = true; // of all of them
    };
    // What they have in common: a command, a user or a unit, and the slice of that; empty where
    // nothing says.
    using Key = std::pair<std::string, std::string>;

    [[nodiscard]] Key key_of(const Ended& process) const;
    [[nodiscard]] std::vector<Column> columns() const;
    [[nodiscard]] Row row(const Key& key, const Sum& sum);

    SumBy by_;
    std::map<Key, Sum> sums_;
    Accounts accounts_;
};

} // namespace netatop
