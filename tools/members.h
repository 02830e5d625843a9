// SPDX-License-Identifier: GPL-2.0-only
// Who belongs to a command: all that run in the cgroup that was made for it or, where none can be
// made, all that descend from it.
#pragma once

#include "cgroups.h"
#include "descriptor.h"
#include "message.h"
#include "result.h"

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace netatop {

// A cgroup below the one of this process; removed at the end, unless somebody is still in it.
class OwnCgroup {
public:
    static Result<OwnCgroup> make();
    OwnCgroup(OwnCgroup&& other) noexcept
        : cgroups_(std::move(other.cgroups_)), path_(std::exchange(other.path_, {})),
          id_(other.id_), procs_(std::move(other.procs_)) {}
    OwnCgroup& operator=(OwnCgroup&&) = delete;
    OwnCgroup(const OwnCgroup&) = delete;
    OwnCgroup& operator=(const OwnCgroup&) = delete;
    ~OwnCgroup();

    // Of its cgroup.procs.
    [[nodiscard]] int procs() const { return procs_.get(); }
    // In it or in one below.
    bool has(const Task& task);

private:
    explicit OwnCgroup(Cgroups cgroups) : cgroups_(std::move(cgroups)) {}

    Cgroups cgroups_;
    std::string path_; // from the root of all on
    std::uint64_t id_ = 0;
    Descriptor procs_;
};

// Descendants of a process that becomes the parent of each whose own has ended. So all have a
// living parent when they end.
class Descendants {
public:
    explicit Descendants(std::uint32_t ancestor, std::string proc = "/proc")
        : ancestor_(ancestor), proc_(std::move(proc)) {}

    // Of one that lives; none when it cannot be told.
    [[nodiscard]] std::optional<bool> has(std::uint32_t tgid) const;
    // Of one that has ended, likewise; to be asked about each in the order of their ends.
    std::optional<bool> had(const Task& task);

private:
    std::uint32_t ancestor_;
    std::string proc_;
    std::map<std::uint32_t, std::optional<bool>> ended_; // by process id
};

} // namespace netatop
