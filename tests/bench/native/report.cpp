// SPDX-License-Identifier: GPL-2.0-only
#include "report.h"

#include "json.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace netatop::native {

namespace {

constexpr double percent = 100;

std::string decimals(double value, int count, bool sign = false) {
    std::array<char, 64> text{};
    (void)std::snprintf(text.data(), text.size(), sign ? "%+.*f" : "%.*f", count, value);
    return text.data();
}

std::string between(const Interval& interval, int count) {
    return "[" + decimals(interval.low, count, true) + ", " + decimals(interval.high, count, true) +
           "]";
}

std::string filled(const std::string& text, std::size_t width, bool right = false) {
    const std::string blanks(width - std::min(width, text.size()), ' ');
    return right ? blanks + text : text + blanks;
}

// "enabled": what the module costs while it counts.
std::string title(const std::string& way) {
    return way == "loaded" ? "Loaded and switched on, against not loaded:"
                           : "Switched on, against loaded and switched off:";
}

std::string conclusion(const Finding& finding) {
    if (finding.difference.holds_zero())
        return "noise larger than the effect: between " +
               decimals(finding.difference.low, 1, true) + " and " +
               decimals(finding.difference.high, 1, true) + " ns";
    return filled(decimals(finding.difference.estimate, 1, true) + " ns", 12, true) + ' ' +
           filled(between(finding.difference, 1), 20) +
           filled(decimals(finding.percent.estimate, 2, true) + " %", 10, true) + ' ' +
           between(finding.percent, 2);
}

std::string row(const Series& series, double confidence) {
    std::string text = "  " + filled(series.path + '/' + series.workload, 18);
    const auto finding = find(series, confidence);
    if (!finding)
        return text + "too few pairs to conclude anything: " + std::to_string(series.with.size()) +
               '\n';
    return text + filled(decimals(series.packets_per_operation(), 1), 7, true) +
           filled(decimals(finding->without, 1), 10, true) +
           filled(decimals(finding->with, 1), 10, true) + "  " + conclusion(*finding) + '\n';
}

std::string heading() {
    return "  " + filled("", 18) + filled("packets", 7, true) + filled("without", 10, true) +
           filled("with", 10, true) + filled("difference", 14, true) + '\n';
}

std::string verdict(const Finding& finding) {
    if (finding.difference.holds_zero())
        return "noise";
    return finding.difference.estimate > 0 ? "slower" : "faster";
}

void add(JsonObject& object, const std::string& name, const Interval& interval) {
    object.decimal(name, interval.estimate)
        .decimal(name + "_low", interval.low)
        .decimal(name + "_high", interval.high);
}

std::string object_of(const Series& series, double confidence) {
    JsonObject object;
    object.text("kind", "series")
        .text("way", series.way)
        .text("path", series.path)
        .text("workload", series.workload)
        .number("pairs", static_cast<std::uint64_t>(series.with.size()))
        .decimal("packets", series.packets_per_operation());
    if (const auto finding = find(series, confidence)) {
        object.text("verdict", verdict(*finding))
            .decimal("without_ns", finding->without)
            .decimal("with_ns", finding->with)
            .decimal("coverage", finding->difference.coverage);
        add(object, "difference_ns", finding->difference);
        add(object, "difference_percent", finding->percent);
    } else {
        object.text("verdict", "too few");
    }
    return object.line();
}

} // namespace

std::string as_text(const Report& report) {
    std::string text;
    for (const auto& [name, value] : report.machine) {
        std::string words = name;
        std::replace(words.begin(), words.end(), '_', ' ');
        words += ':';
        text += filled(words, 17).append(value).append(1, '\n');
    }
    const Plan& plan = report.plan;
    text += '\n' + std::to_string(plan.pairs) + " pairs of measurements of " +
            std::to_string(plan.milliseconds) + " ms each, in an order drawn by lot (--seed " +
            std::to_string(plan.seed) + ").\n";
    text += "Medians, in nanoseconds a packet. Difference: Hodges-Lehmann, with its interval of " +
            decimals(percent * plan.confidence, 0) + " % by signed ranks.\n";
    std::string way;
    for (const Series& series : report.series) {
        if (series.way != way)
            text += '\n' + title(series.way) + '\n' + heading();
        way = series.way;
        text += row(series, plan.confidence);
    }
    return text;
}

std::string as_json(const Report& report) {
    JsonObject machine;
    machine.text("kind", "machine");
    for (const auto& [name, value] : report.machine)
        machine.text(name, value);
    machine.number("pairs", static_cast<std::int64_t>(report.plan.pairs))
        .number("milliseconds", static_cast<std::int64_t>(report.plan.milliseconds))
        .number("seed", report.plan.seed)
        .decimal("confidence", report.plan.confidence);
    std::string text = machine.line();
    for (const Series& series : report.series)
        text += object_of(series, report.plan.confidence);
    return text;
}

} // namespace netatop::native
