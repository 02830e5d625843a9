// SPDX-License-Identifier: GPL-2.0-only
#include "identity.h"

#include <ctime>

namespace netatop {

namespace {

std::int64_t now_ns(clockid_t clock) {
    timespec now{};
    (void)::clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// ns since the epoch when the system was booted; looked at once in each tick of the clock, for it
// is asked for with each of ten thousand lines.
std::int64_t booted_ns() {
    struct Known {
        std::int64_t tick = -1;
        std::int64_t booted = 0;
    };
    thread_local Known known;
    const auto tick = now_ns(CLOCK_MONOTONIC_COARSE);
    if (tick != known.tick)
        known = {tick, now_ns(CLOCK_REALTIME) - now_ns(CLOCK_BOOTTIME)};
    return known.booted;
}

} // namespace

std::int64_t now_ms() {
    return now_ns(CLOCK_REALTIME) / 1'000'000;
}

std::string Identities::user(const Task& task) {
    return task.uid ? accounts_.name(*task.uid) : std::string();
}

const Identities::Place& Identities::place(const std::optional<std::uint64_t>& cgroup) {
    static const Place nowhere;
    if (!cgroup)
        return nowhere;
    const auto known = places_.find(*cgroup);
    if (known != places_.end())
        return known->second;
    const auto path = cgroups_.path(*cgroup);
    if (!path)
        return nowhere;
    return places_.emplace(*cgroup, Place{*path, workload_of(*path)}).first->second;
}

void Identities::learn(const Cgroup& cgroup) {
    if (!cgroup.path.empty() && places_.count(cgroup.id) == 0)
        places_.emplace(cgroup.id, Place{cgroup.path, workload_of(cgroup.path)});
}

void Identities::keep(const std::vector<std::uint64_t>& cgroups) {
    keep_only(places_, cgroups);
    cgroups_.keep(cgroups);
}

std::int64_t Identities::epoch_ms(std::uint64_t since_boot) {
    return (booted_ns() + static_cast<std::int64_t>(since_boot)) / 1'000'000;
}

} // namespace netatop
