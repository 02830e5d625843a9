// SPDX-License-Identifier: GPL-2.0-only
#include "namespaces.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace netatop {

namespace {

void add(Carried& to, const Carried& more) {
    to.received += more.received;
    to.sent += more.sent;
}

} // namespace

Namespaces::Namespaces(std::string proc) : proc_(std::move(proc)), own_(netns_of("self")) {}

std::uint32_t Namespaces::netns_of(const std::string& process) const {
    struct stat status {};
    const std::string path = proc_ + '/' + process + "/ns/net";
    return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint32_t>(status.st_ino) : 0;
}

void Namespaces::meet(std::uint32_t tgid) {
    const auto [known, is_new] = known_.emplace(tgid, 0);
    if (!is_new)
        return;
    const std::string process = std::to_string(tgid);
    known->second = netns_of(process);
    if (known->second != 0 && known->second != own_)
        paths_.emplace(known->second, process);
}

void Namespaces::forget_beyond(std::size_t living) {
    constexpr std::size_t few = 1000;
    if (known_.size() > few + 3 * living)
        known_.clear();
}

// The process that was there may have gone; then another one that is.
const std::string* Namespaces::path_to(std::uint32_t netns) {
    auto& path = paths_.at(netns);
    if (netns_of(path) == netns)
        return &path;
    for (const auto& [tgid, where] : known_)
        if (where == netns && netns_of(std::to_string(tgid)) == netns) {
            path = std::to_string(tgid);
            return &path;
        }
    return nullptr;
}

DevicesByNetns Namespaces::devices(const std::string& own) {
    DevicesByNetns all;
    if (auto here = ::netatop::devices(own))
        all[0] = *std::move(here);
    for (auto at = paths_.begin(); at != paths_.end();) {
        const auto* process = path_to(at->first);
        auto there = process == nullptr ? std::nullopt
                                        : ::netatop::devices(proc_ + '/' + *process + "/net/dev");
        if (there)
            all[at->first] = *std::move(there);
        at = process == nullptr ? paths_.erase(at) : std::next(at);
    }
    return all;
}

Carried carried_between(const DevicesByNetns& before, const DevicesByNetns& now) {
    Carried all;
    for (const auto& [netns, devices] : now)
        if (const auto old = before.find(netns); old != before.end())
            add(all, carried_between(old->second, devices));
    return all;
}

Carried carried_between(const DevicesByNetns& before, const DevicesByNetns& now,
                        const std::string& name) {
    Carried all;
    for (const auto& [netns, devices] : now)
        if (const auto old = before.find(netns); old != before.end())
            add(all, carried_between(only(old->second, name), only(devices, name)));
    return all;
}

} // namespace netatop
