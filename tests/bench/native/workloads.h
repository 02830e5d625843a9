// SPDX-License-Identifier: GPL-2.0-only
// What is measured: a workload repeats one operation. Both ends are in one thread where both are on
// this machine, so that no wake-up and no second processor is in the figures.
#pragma once

#include "result.h"
#include "stage.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace netatop::native {

class Workload {
public:
    Workload() = default;
    Workload(const Workload&) = delete;
    Workload& operator=(const Workload&) = delete;
    virtual ~Workload() = default;

    virtual Status run_once() = 0;
};

// Where the other machine serves: round trips and connections, and bulk one port above.
constexpr std::uint16_t default_port = 47600;

const std::vector<std::string>& workload_names();

// With its sockets. The thread is to be in the client's namespace, now and while it runs.
Result<std::unique_ptr<Workload>> make_workload(const std::string& name, const Path& path,
                                                std::uint16_t port);

} // namespace netatop::native
