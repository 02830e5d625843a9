// SPDX-License-Identifier: GPL-2.0-only
// Cgroups (v2) with processes in them, and the module's sums of all cgroups.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>

#include "lib/counters.h"
#include "lib/genl.h"

namespace guest {

class CgroupDirectory {
public:
    explicit CgroupDirectory(std::string path);
    CgroupDirectory(const CgroupDirectory&) = delete;
    CgroupDirectory& operator=(const CgroupDirectory&) = delete;
    ~CgroupDirectory() { remove(); }

    // A process moves here with all its threads; 0 is the caller.
    void take(pid_t process) const;
    void take_thread(pid_t thread) const;
    // From now on it can have single threads, and the cgroup above is where their process is.
    void make_threaded() const;
    // Waits until what ended here has left; false when somebody lives here.
    bool remove();

    const std::string& path() const { return path_; }
    // Known when it is removed, too.
    std::uint64_t id() const { return id_; }
    // Those below that were removed and that somebody still refers to.
    unsigned dying_below() const;

private:
    std::string path_;
    std::uint64_t id_;
};

// What was counted, and what cgroups and classes were credited with. At rest both are the same.
struct CgroupBooks {
    Counters counted;
    Counters credited;
    // The part of them that went over loopback.
    Counters counted_loopback;
    Counters credited_loopback;

    bool balanced() const { return counted == credited && counted_loopback == credited_loopback; }
};
CgroupBooks read_cgroup_books();

} // namespace guest
