// SPDX-License-Identifier: GPL-2.0-only
// Objects in use in the kernel's caches, as /proc/slabinfo tells. To be read at rest.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace guest {

using Slabs = std::map<std::string, std::uint64_t>;

// The general caches and those that the module's objects pin: kmalloc and pid.
Slabs general_slabs();
// Caches whose name contains a word.
Slabs slabs_named(const std::string& word);
// Kilobytes of per-CPU memory.
std::uint64_t percpu_memory();

} // namespace guest
