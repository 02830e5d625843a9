// SPDX-License-Identifier: GPL-2.0-only
#include "statistics.h"

#include <algorithm>
#include <cstddef>

namespace netatop::native {

namespace {

double middle(const std::vector<double>& sorted) {
    const std::size_t half = sorted.size() / 2;
    if (sorted.empty())
        return 0;
    return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// The mean of each two, and of each with itself, sorted.
std::vector<double> walsh_averages(const std::vector<double>& values) {
    std::vector<double> means;
    means.reserve(values.size() * (values.size() + 1) / 2);
    for (std::size_t i = 0; i < values.size(); ++i)
        for (std::size_t j = i; j < values.size(); ++j)
            means.push_back((values[i] + values[j]) / 2);
    std::sort(means.begin(), means.end());
    return means;
}

// The probability of each sum of ranks 1 to n, of which each is in it or not like a coin falls.
std::vector<double> rank_sums(std::size_t n) {
    std::vector<double> probability(n * (n + 1) / 2 + 1);
    probability[0] = 1;
    for (std::size_t rank = 1; rank <= n; ++rank)
        for (std::size_t sum = probability.size(); sum-- > 0;) {
            const double with = sum >= rank ? probability[sum - rank] : 0;
            probability[sum] = (probability[sum] + with) / 2;
        }
    return probability;
}

} // namespace

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return middle(values);
}

std::optional<Interval> signed_rank(const std::vector<double>& differences, double confidence) {
    const double tail = (1 - confidence) / 2;
    const auto probability = rank_sums(differences.size());
    double outside = 0;     // at either end
    std::size_t beyond = 0; // means that are left out there
    while (beyond < probability.size() && outside + probability[beyond] <= tail)
        outside += probability[beyond++];
    if (beyond == 0 || differences.empty())
        return std::nullopt;
    const auto means = walsh_averages(differences);
    return Interval{middle(means), means[beyond - 1], means[means.size() - beyond],
                    1 - 2 * outside};
}

} // namespace netatop::native
