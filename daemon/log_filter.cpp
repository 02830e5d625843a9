// SPDX-License-Identifier: GPL-2.0-only
#include "log_filter.h"

#include "workload.h"

#include <fnmatch.h>

namespace netatop {

namespace {

bool matches(const std::string& pattern, const std::string& text) {
    return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

bool in_unit(const std::string& pattern, const std::string& path) {
    const Workload workload = workload_of(path);
    return matches(pattern, workload.unit) || matches(pattern, workload.user_unit) ||
           matches(pattern, full_unit(workload));
}

} // namespace

bool LogFilter::takes(const Ended& process) const {
    const std::int64_t time =
        process.exited.value_or(static_cast<std::int64_t>(process.started) * 1000);
    return (!pid || *pid == process.pid) && (!uid || uid == process.uid) &&
           (command.empty() || matches(command, process.name)) &&
           (unit.empty() || (!process.path.empty() && in_unit(unit, process.path))) &&
           process.counters.all().bytes >= min_bytes && (!since || time >= *since) &&
           (!until || time <= *until);
}

} // namespace netatop
