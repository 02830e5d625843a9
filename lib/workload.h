// SPDX-License-Identifier: GPL-2.0-only
// What the path of a cgroup says: slice, unit, container and pod, as systemd and the usual
// container engines name them. Nobody is asked.
#pragma once

#include <string>

namespace netatop {

// Each empty where the path has none.
struct Workload {
    std::string slice;     // that the unit is in: "system.slice"
    std::string unit;      // of the system: "nginx.service", "user@1000.service"
    std::string user_unit; // within it: "app-firefox-4711.scope"
    std::string engine;    // "docker", "containerd", "crio", "podman", "lxc", "nspawn"
    std::string container; // its id, or its name where the engine uses that
    std::string pod;       // uid of the pod
};

// The innermost container, and the outermost unit.
Workload workload_of(const std::string& path);

// "user@1000.service/app-firefox-4711.scope", or the unit alone.
std::string full_unit(const Workload& workload);

} // namespace netatop
