// SPDX-License-Identifier: GPL-2.0-only
#include "shares.h"

#include "collapse.h"
#include "text.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>

namespace netatop {

namespace {

std::string_view last_part(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

class Collector {
public:
    Collector(const CgroupMap& cgroups, Identities& identities)
        : cgroups_(cgroups), identities_(identities) {}

    Shares take(std::size_t most_units) {
        for (const auto& [id, cgroup] : cgroups_)
            identities_.learn(cgroup);
        for (const auto& [id, cgroup] : cgroups_)
            add(cgroup);
        Shares shares = std::move(shares_);
        shares.transient = transient_.size();
        for (auto& [key, share] : units_)
            if (share.counters.any())
                shares.units.push_back(std::move(share));
        std::stable_sort(shares.units.begin(), shares.units.end(),
                         [](const Share& a, const Share& b) {
                             return a.counters.all().bytes > b.counters.all().bytes;
                         });
        if (shares.units.size() > most_units) {
            shares.left_out = shares.units.size() - most_units;
            shares.units.resize(most_units);
        }
        return shares;
    }

private:
    // The top-level cgroup above it, or it itself.
    [[nodiscard]] const Cgroup& top_of(const Cgroup& cgroup) const {
        const Cgroup* at = &cgroup;
        // In a tree no way is longer than there are nodes.
        for (std::size_t steps = cgroups_.size(); steps > 0; --steps) {
            const auto above = cgroups_.find(at->parent);
            if (above == cgroups_.end() || above->second.parent == 0)
                return *at;
            at = &above->second;
        }
        return *at;
    }

    std::string slice_of(const Cgroup& cgroup) {
        for (const auto* named : {&top_of(cgroup), &cgroup}) {
            const auto& path = identities_.path(named->id);
            if (!path.empty())
                return clean(top_slice(path));
        }
        // It has gone, and the module is about to count it as ended below the root.
        return "/";
    }

    void add(const Cgroup& cgroup) {
        const auto slice = slice_of(cgroup);
        auto& of_slice = shares_.slices[slice];
        of_slice += cgroup.own;
        of_slice += cgroup.ended_below;
        shares_.waiting += cgroup.waiting;
        const auto& workload = identities_.workload(cgroup.id);
        if (workload.unit.empty() && workload.container.empty())
            return;
        if (is_transient(workload)) {
            transient_.insert(slice + '/' + full_unit(workload));
            return;
        }
        Share share{
            slice, clean(full_unit(workload)), clean(workload.container), workload.engine, {}};
        auto& known = units_[{share.slice, share.unit, share.container}];
        share.counters = known.counters;
        share.counters += cgroup.own;
        if (!holds_units(identities_.path(cgroup.id)))
            share.counters += cgroup.ended_below;
        known = std::move(share);
    }

    const CgroupMap& cgroups_;
    Identities& identities_;
    Shares shares_;
    std::set<std::string> transient_;
    std::map<std::tuple<std::string, std::string, std::string>, Share> units_;
};

} // namespace

std::string top_slice(const std::string& path) {
    return path.size() < 2 ? "/" : path.substr(1, path.find('/', 1) - 1);
}

bool holds_units(const std::string& path) {
    const auto name = last_part(path);
    return name.empty() || ends(name, ".slice") ||
           (begins(name, "user@") && ends(name, ".service"));
}

Shares shares_of(const CgroupMap& cgroups, Identities& identities, std::size_t most_units) {
    return Collector(cgroups, identities).take(most_units);
}

} // namespace netatop
