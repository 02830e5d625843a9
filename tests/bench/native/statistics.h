// SPDX-License-Identifier: GPL-2.0-only
// What a few paired measurements say of a difference, without a belief in how noise is distributed.
#pragma once

#include <optional>
#include <vector>

namespace netatop::native {

// The middle one, or the mean of the two in the middle; 0 of none.
double median(std::vector<double> values);

// An estimate and the interval that holds the true value with the probability `coverage`, if the
// differences are independent and symmetric about it.
struct Interval {
    double estimate;
    double low;
    double high;
    double coverage;

    // Nothing can be said of its sign.
    [[nodiscard]] bool holds_zero() const { return low <= 0 && high >= 0; }
};

// The estimate of Hodges and Lehmann: the median of the means of all pairs of differences, each
// paired with itself too. The interval lies between those two of the sorted means which the exact
// distribution of Wilcoxon's signed rank leaves for `confidence`, such as 0.95 (Hollander, Wolfe:
// Nonparametric Statistical Methods, sections 3.2 and 3.3). None when so few differences cannot
// reach it. Where the order within each pair is random, symmetry holds if nothing differs.
std::optional<Interval> signed_rank(const std::vector<double>& differences, double confidence);

} // namespace netatop::native
