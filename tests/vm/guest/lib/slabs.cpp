// SPDX-License-Identifier: GPL-2.0-only
#include "lib/slabs.h"

#include <algorithm>
#include <fcntl.h>
#include <sstream>
#include <vector>

#include "lib/command.h"
#include "lib/fd.h"

namespace guest {

namespace {

// A slab that a CPU allocates from counts as full: the least of some looks is nearest the truth.
constexpr int samples = 10;

template <class Wanted>
Slabs read_slabs(Wanted wanted) {
    Slabs slabs;
    std::istringstream table(read_file("/proc/slabinfo"));
    for (std::string line; std::getline(table, line);) {
        std::istringstream words(line);
        std::string name;
        std::uint64_t active = 0;
        if (words >> name >> active && wanted(name))
            slabs[name] = active;
    }
    return slabs;
}

} // namespace

Slabs general_slabs() {
    const auto wanted = [](const std::string& name) {
        return name.rfind("kmalloc-", 0) == 0 || name == "pid";
    };
    Slabs least = read_slabs(wanted);
    // Open once: what the kernel has for an open file of sysfs it frees some seconds later.
    std::vector<Fd> shrink;
    for (const auto& [name, active] : least) {
        const auto path = "/sys/kernel/slab/" + name + "/shrink";
        shrink.emplace_back(check(::open(path.c_str(), O_WRONLY | O_CLOEXEC), path.c_str()));
    }
    for (int i = 0; i < samples; i++) {
        for (const auto& file : shrink)
            check(::pwrite(file.get(), "1", 1, 0), "shrink a cache");
        for (const auto& [name, active] : read_slabs(wanted))
            least[name] = std::min(least[name], active);
    }
    return least;
}

Slabs slabs_named(const std::string& word) {
    return read_slabs(
        [&](const std::string& name) { return name.find(word) != std::string::npos; });
}

std::uint64_t percpu_memory() {
    const auto text = read_file("/proc/meminfo");
    return std::stoull(text.substr(text.find("Percpu:") + 7));
}

} // namespace guest
