// SPDX-License-Identifier: GPL-2.0-only
// The initial network namespace, in which the module tells of ends of processes.
#pragma once

#include "descriptor.h"
#include "result.h"

namespace netatop {

// The calling thread is in the initial network namespace as long as this lives.
class InitialNetns {
public:
    static Result<InitialNetns> enter();
    InitialNetns(InitialNetns&&) noexcept = default;
    InitialNetns& operator=(InitialNetns&&) = delete;
    InitialNetns(const InitialNetns&) = delete;
    InitialNetns& operator=(const InitialNetns&) = delete;
    ~InitialNetns();

private:
    InitialNetns() = default;

    Descriptor left_; // where it was before; none when that was the same
};

} // namespace netatop
