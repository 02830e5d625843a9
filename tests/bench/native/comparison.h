// SPDX-License-Identifier: GPL-2.0-only
// Measurements in pairs, one with and one without, whose order is drawn by lot.
#pragma once

#include "interrupt.h"
#include "module.h"
#include "result.h"
#include "stage.h"
#include "statistics.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace netatop::native {

// What "without" is: the module switched off, or not there.
struct Way {
    std::string name;
    State without;
};
const std::vector<Way>& ways();

struct Plan {
    std::vector<Way> ways;
    std::vector<Path> paths;
    std::vector<std::string> workloads;
    std::uint16_t port = 0;
    int pairs = 0;
    int milliseconds = 0; // of each measurement
    std::uint64_t seed = 0;
    double confidence = 0;
};

// Nanoseconds an operation took, pair by pair.
struct Series {
    std::string way;
    std::string path;
    std::string workload;
    std::vector<double> without;
    std::vector<double> with;
    std::vector<double> packets; // of an operation, of each measurement

    // By the median of its measurements.
    [[nodiscard]] double packets_per_operation() const;
};

// What a series says. Nanoseconds are those of a packet.
struct Finding {
    double without;
    double with;
    Interval difference;
    // The difference in percent of what an operation takes without.
    Interval percent;
};
// None with too few pairs for this confidence.
std::optional<Finding> find(const Series& series, double confidence);

// Called with what is measured and the number of the pair that begins.
using Progress = std::function<void(const Way& way, int pair)>;

// Ends early, with fewer pairs, when a signal comes.
Result<std::vector<Series>> compare(const Plan& plan, Module& module, const Interrupt& interrupt,
                                    const Progress& progress);

} // namespace netatop::native
