// SPDX-License-Identifier: GPL-2.0-only
#include "comparison.h"

#include "workloads.h"

#include <array>
#include <chrono>
#include <random>

namespace netatop::native {

namespace {

using Clock = std::chrono::steady_clock;
using Nanoseconds = std::chrono::duration<double, std::nano>;

// In which what switching left behind gets done.
constexpr int settle_milliseconds = 50;
// Between two looks at the clock, which would be in the figures otherwise.
constexpr int operations_at_once = 8;

struct Measured {
    double nanoseconds; // an operation
    double packets;
};

struct Stretch {
    std::uint64_t operations = 0;
    Nanoseconds took{};
};

Result<Stretch> repeat(Workload& workload, Clock::duration length) {
    Stretch stretch;
    const auto begin = Clock::now();
    auto now = begin;
    do {
        for (int i = 0; i < operations_at_once; ++i)
            if (auto done = workload.run_once(); !done)
                return done.error();
        stretch.operations += operations_at_once;
        now = Clock::now();
    } while (now - begin < length);
    stretch.took = now - begin;
    return stretch;
}

// With new sockets each time, and a quarter more time before, in which the caches fill.
Result<Measured> measure(const Plan& plan, const Path& path, const std::string& name) {
    const auto inside = Netns::enter(path.client);
    if (!inside)
        return inside.error();
    const auto workload = make_workload(name, path, plan.port);
    if (!workload)
        return workload.error();
    const std::chrono::milliseconds length(plan.milliseconds);
    if (const auto lead = repeat(**workload, length / 4); !lead)
        return lead.error();
    const auto before = path.packets();
    if (!before)
        return before.error();
    const auto stretch = repeat(**workload, length);
    const auto after = path.packets();
    if (!stretch || !after)
        return stretch ? after.error() : stretch.error();
    const auto operations = static_cast<double>(stretch->operations);
    return Measured{stretch->took.count() / operations,
                    static_cast<double>(*after - *before) / operations};
}

class Comparison {
public:
    Comparison(const Plan& plan, Module& module, const Interrupt& interrupt)
        : plan_(plan), module_(module), interrupt_(interrupt), lot_(plan.seed) {}

    // False: a signal came.
    Result<bool> one_pair(Series& series, const Way& way, const Path& path) {
        const bool with_first = std::bernoulli_distribution()(lot_);
        std::array<Measured, 2> found{}; // without, with
        for (const bool with : {with_first, !with_first}) {
            if (auto done = module_.set(with ? State::enabled : way.without); !done)
                return done.error();
            if (auto done = interrupt_.wait(nullptr, 0, settle_milliseconds); !done)
                return done.error();
            if (interrupt_.happened())
                return false;
            const auto measured = measure(plan_, path, series.workload);
            if (!measured)
                return Error{path.name + "/" + series.workload + ": " + measured.error().text,
                             measured.error().cause};
            found.at(with ? 1 : 0) = *measured;
        }
        series.without.push_back(found[0].nanoseconds);
        series.with.push_back(found[1].nanoseconds);
        series.packets.insert(series.packets.end(), {found[0].packets, found[1].packets});
        return true;
    }

private:
    const Plan& plan_;
    Module& module_;
    const Interrupt& interrupt_;
    std::mt19937_64 lot_;
};

Interval scaled(const Interval& interval, double factor) {
    return {interval.estimate * factor, interval.low * factor, interval.high * factor,
            interval.coverage};
}

} // namespace

const std::vector<Way>& ways() {
    static const std::vector<Way> all{{"enabled", State::disabled}, {"loaded", State::unloaded}};
    return all;
}

double Series::packets_per_operation() const {
    return median(packets);
}

std::optional<Finding> find(const Series& series, double confidence) {
    std::vector<double> differences;
    for (std::size_t i = 0; i < series.with.size(); ++i)
        differences.push_back(series.with[i] - series.without[i]);
    const auto interval = signed_rank(differences, confidence);
    const double packets = series.packets_per_operation();
    const double without = median(series.without);
    if (!interval || packets <= 0 || without <= 0)
        return std::nullopt;
    return Finding{without / packets, median(series.with) / packets, scaled(*interval, 1 / packets),
                   scaled(*interval, 100 / without)};
}

Result<std::vector<Series>> compare(const Plan& plan, Module& module, const Interrupt& interrupt,
                                    const Progress& progress) {
    Comparison comparison(plan, module, interrupt);
    std::vector<Series> all;
    for (const Way& way : plan.ways) {
        const std::size_t first = all.size();
        for (const Path& path : plan.paths)
            for (const std::string& workload : plan.workloads)
                all.push_back({way.name, path.name, workload, {}, {}, {}});
        for (int pair = 0; pair < plan.pairs; ++pair) {
            progress(way, pair);
            for (std::size_t i = first; i < all.size(); ++i) {
                const Path& path = plan.paths[(i - first) / plan.workloads.size()];
                const auto going = comparison.one_pair(all[i], way, path);
                if (!going)
                    return going.error();
                if (!*going)
                    return all;
            }
        }
    }
    return all;
}

} // namespace netatop::native
