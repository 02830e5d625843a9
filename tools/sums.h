// SPDX-License-Identifier: GPL-2.0-only
// What was carried in cgroups: since the module was loaded, or between one sample and the next.
#pragma once

#include "client.h"

#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <vector>

namespace netatop {

struct Sum {
    Cgroup cgroup;
    Counters own;         // carried in it in that time
    Counters ended_below; // by those that ended below it, and are not told of themselves
    bool ended = false;   // meanwhile

    [[nodiscard]] bool any() const { return own.any() || ended_below.any(); }
};

using CgroupMap = std::map<std::uint64_t, Cgroup>; // by number
Result<CgroupMap> all_cgroups(const Client& client);

// What each cgroup carried between two looks at all of them, and which ended in between. What one
// that ends has carried in all is its parent's then, which did not carry that in the interval: it
// is a debt of the parent.
class SumsBetween {
public:
    // `owed`, by number, is what the interval before left, and receives what this one leaves.
    SumsBetween(const CgroupMap& before, const CgroupMap& present,
                std::map<std::uint64_t, Counters>& owed)
        : before_(before), present_(present), owed_(owed) {}

    // Of those that ended, which are given with all that they had carried, in the order of their
    // ends, and of those that are there.
    std::vector<Sum> take(const std::vector<Cgroup>& ended);

private:
    Sum sum_of(const Cgroup& cgroup, bool ended);
    void end(const Cgroup& cgroup);
    [[nodiscard]] std::uint64_t heir_of(std::uint64_t parent) const;

    const CgroupMap& before_;
    const CgroupMap& present_;
    std::map<std::uint64_t, Counters>& owed_;
    std::map<std::uint64_t, std::uint64_t> parents_; // of those that ended
};

class CgroupSampler {
public:
    // What cannot be seen is said in `notes`.
    static Result<CgroupSampler> start(bool rates, std::ostream& notes,
                                       const Connect& connect = connect_generic);

    // All that there are, also those that carried nothing; of rates also those that ended. The
    // first one of rates is what the second is compared with, and tells that all carried nothing.
    Result<std::vector<Sum>> take();

    // As of Sampler.
    void from_load() { before_.emplace(); }
    Status hear();
    [[nodiscard]] int fd() const { return ends_ ? ends_->fd() : -1; }
    [[nodiscard]] std::size_t heard() const { return heard_.size(); }
    [[nodiscard]] std::uint64_t overruns() const { return overruns_; }

private:
    CgroupSampler(bool rates, std::ostream& notes, Client client)
        : rates_(rates), notes_(&notes), client_(std::move(client)) {}

    std::vector<Cgroup> settle(const CgroupMap& present);

    bool rates_;
    std::ostream* notes_;
    Client client_;
    std::optional<Ends> ends_;
    std::vector<Cgroup> heard_; // that ended, and are not told of yet
    // That were not there any more, unheard, in a look before: for how many looks more.
    std::map<std::uint64_t, unsigned> missed_;
    std::optional<CgroupMap> before_;
    std::map<std::uint64_t, Counters> owed_;
    std::uint64_t overruns_ = 0;
};

} // namespace netatop
