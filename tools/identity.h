// SPDX-License-Identifier: GPL-2.0-only
// Who a task is, in the words of people: user, unit, container. Each is found out once.
#pragma once

#include "accounts.h"
#include "cgroups.h"
#include "message.h"
#include "workload.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace netatop {

// The present in ms since the epoch.
std::int64_t now_ms();

class Identities {
public:
    Identities() = default;
    // With other cgroups than the system's.
    explicit Identities(Cgroups cgroups) : cgroups_(std::move(cgroups)) {}

    // Empty where the module does not say.
    std::string user(const Task& task);
    // Empty where there is none, or it is not known any more.
    const std::string& path(const Task& task) { return place(task.cgroup).path; }
    const Workload& workload(const Task& task) { return place(task.cgroup).workload; }
    // The same of a cgroup. One that has ended is known when it was asked for before.
    const std::string& path(std::uint64_t cgroup) { return place(cgroup).path; }
    const Workload& workload(std::uint64_t cgroup) { return place(cgroup).workload; }

    // What the module itself says of a cgroup is right, and needs no look-up.
    void learn(const Cgroup& cgroup);
    // Forgets all cgroups but these, which are in order.
    void keep(const std::vector<std::uint64_t>& cgroups);

    // ms since the epoch, of a time in ns since boot.
    static std::int64_t epoch_ms(std::uint64_t since_boot);

private:
    struct Place {
        std::string path;
        Workload workload;
    };
    const Place& place(const std::optional<std::uint64_t>& cgroup);

    Accounts accounts_;
    Cgroups cgroups_;
    std::map<std::uint64_t, Place> places_;
};

} // namespace netatop
