// SPDX-License-Identifier: GPL-2.0-only
#include "netns.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace netatop {

namespace {

// Of these two, other network namespaces have the first alone; who has no /proc/sys cannot tell.
bool in_another() {
    return ::access("/proc/sys/net/core/somaxconn", F_OK) == 0 &&
           ::access("/proc/sys/net/core/dev_weight", F_OK) != 0;
}

Error not_there() {
    return {"the module tells of processes that end in the initial network namespace alone: begin "
            "the command with `nsenter --target 1 --net`, on the host",
            Cause::privilege};
}

} // namespace

Result<InitialNetns> InitialNetns::enter() {
    InitialNetns netns;
    if (!in_another())
        return netns;
    Descriptor left(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    const Descriptor initial(::open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC));
    if (!left || !initial || ::setns(initial.get(), CLONE_NEWNET) != 0)
        return not_there();
    netns.left_ = std::move(left);
    if (in_another())
        return not_there();
    return netns;
}

InitialNetns::~InitialNetns() {
    if (left_)
        (void)::setns(left_.get(), CLONE_NEWNET);
}

} // namespace netatop
