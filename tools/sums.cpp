// SPDX-License-Identifier: GPL-2.0-only
#include "sums.h"

#include <iterator>
#include <set>
#include <utility>

namespace netatop {

namespace {

// The end of a cgroup that is not there any more may be heard several looks later, when these
// follow each other closely.
constexpr unsigned looks_until_unheard = 100;

} // namespace

// Where what one has goes that ends below `parent`: the nearest one that has not ended before.
std::uint64_t SumsBetween::heir_of(std::uint64_t parent) const {
    for (auto ended = parents_.find(parent); ended != parents_.end(); ended = parents_.find(parent))
        parent = ended->second;
    return parent;
}

// A debt that is not all there yet stays for the next interval: the parent was looked at before it
// got what is its own now.
Sum SumsBetween::sum_of(const Cgroup& cgroup, bool ended) {
    Sum sum{cgroup, cgroup.own, cgroup.ended_below, ended};
    if (const auto old = before_.find(cgroup.id); old != before_.end()) {
        sum.own = rest(sum.own, old->second.own);
        sum.ended_below = rest(sum.ended_below, old->second.ended_below);
    }
    if (const auto debt = owed_.find(cgroup.id); debt != owed_.end()) {
        const Counters moved = rest(sum.ended_below, debt->second);
        debt->second = rest(debt->second, sum.ended_below);
        sum.ended_below = moved;
    }
    return sum;
}

void SumsBetween::end(const Cgroup& cgroup) {
    Counters& debt = owed_[heir_of(cgroup.parent)];
    debt += cgroup.own;
    debt += cgroup.ended_below;
    parents_[cgroup.id] = cgroup.parent;
}

std::vector<Sum> SumsBetween::take(const std::vector<Cgroup>& ended) {
    std::vector<Sum> sums;
    sums.reserve(ended.size() + present_.size());
    for (const auto& cgroup : ended) {
        sums.push_back(sum_of(cgroup, true));
        end(cgroup);
    }
    for (const auto& [id, cgroup] : present_)
        sums.push_back(sum_of(cgroup, false));
    for (auto at = owed_.begin(); at != owed_.end();)
        at = at->second.any() && present_.count(at->first) != 0 ? std::next(at) : owed_.erase(at);
    return sums;
}

Result<CgroupSampler> CgroupSampler::start(bool rates, std::ostream& notes,
                                           const Connect& connect) {
    auto client = Client::open(connect);
    if (!client)
        return client.error();
    CgroupSampler sampler(rates, notes, *std::move(client));
    if (rates) {
        auto ends = sampler.client_.cgroup_ends();
        if (ends)
            sampler.ends_.emplace(*std::move(ends));
        else
            notes << "netatop: cgroups that end are not shown: " << ends.error().text << '\n';
    }
    return sampler;
}

Result<CgroupMap> all_cgroups(const Client& client) {
    CgroupMap cgroups;
    for (auto& cgroup : client.cgroups()) {
        if (!cgroup)
            return cgroup.error();
        const auto id = cgroup->id;
        cgroups.insert_or_assign(cgroups.end(), id, *std::move(cgroup));
    }
    return cgroups;
}

Status CgroupSampler::hear() {
    while (ends_) {
        const auto end = ends_->next();
        if (!end)
            return end.error();
        if (!*end)
            break;
        if ((*end)->of == End::Of::cgroup) {
            heard_.push_back((*end)->cgroup);
            continue;
        }
        ++overruns_;
        *notes_ << "netatop: too many cgroups ended at once: what some of them carried is shown "
                   "with those above\n";
    }
    return Done{};
}

// Those that ended before this look at all, in their order. One that the look still found is for
// the next time; of one that only is not there any more nobody knows what it carried since the
// look before.
std::vector<Cgroup> CgroupSampler::settle(const CgroupMap& present) {
    std::vector<Cgroup> ended;
    std::vector<Cgroup> later;
    std::set<std::uint64_t> known;
    for (const auto& cgroup : std::exchange(heard_, {})) {
        if (missed_.erase(cgroup.id) != 0)
            continue;
        (present.count(cgroup.id) != 0 ? later : ended).push_back(cgroup);
        known.insert(cgroup.id);
    }
    heard_ = std::move(later);
    for (auto at = missed_.begin(); at != missed_.end();)
        at = --at->second == 0 ? missed_.erase(at) : std::next(at);
    for (const auto& [id, cgroup] : *before_)
        if (present.count(id) == 0 && known.count(id) == 0) {
            ended.push_back(cgroup);
            missed_.emplace(id, looks_until_unheard);
        }
    return ended;
}

Result<std::vector<Sum>> CgroupSampler::take() {
    auto present = all_cgroups(client_);
    if (!present)
        return present.error();
    if (const auto heard = hear(); !heard)
        return heard.error();
    if (rates_ && !before_) {
        before_ = *present;
        (void)settle(*present);
    }
    std::vector<Sum> sums;
    if (rates_) {
        sums = SumsBetween(*before_, *present, owed_).take(settle(*present));
        before_ = *std::move(present);
    } else {
        for (const auto& [id, cgroup] : *present)
            sums.push_back({cgroup, cgroup.own, cgroup.ended_below});
    }
    return sums;
}

} // namespace netatop
