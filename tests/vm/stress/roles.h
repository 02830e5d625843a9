// SPDX-License-Identifier: GPL-2.0-only
// Who plays what. The parts that the actors of a kind share are in the file of that kind.
#pragma once

#include <vector>

#include "actor.h"
#include "lib/pair.h"

namespace stress {

using guest::Pair;
using guest::Side;

// Where it happens. One link is steady, the other one goes down and up.
struct Stage {
    Pair steady;
    Pair shaky;
};

using Roles = std::vector<Role>;

Roles traffic_roles(const Stage& stage);  // datagrams, connections, resets, fragments
Roles process_roles(const Stage& stage);  // forks, threads, exec, descriptors that are passed
Roles cgroup_roles(const Stage& stage);   // cgroups that come and go, and who moves between them
Roles namespace_roles();                  // network namespaces that come and go with traffic
Roles stranger_roles(const Stage& stage); // packets that no honest peer sends
Roles reader_roles();                     // all that reads from the module, or tunes it
Roles switch_roles();                     // the parameter that makes the kernel change its code
Roles caller_roles();                     // commands at random, by those who may and may not

// What a caller does in one turn.
constexpr unsigned calls_per_turn = 2000;

} // namespace stress
