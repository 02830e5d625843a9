// SPDX-License-Identifier: GPL-2.0-only
#include "netns.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

namespace netatop {

namespace {

namespace fs = std::filesystem;

constexpr const char* own = "/proc/thread-self/ns/net";

// Of these two, other network namespaces have the first alone; who has no /proc/sys cannot tell.
bool is_not_initial() {
    return ::access("/proc/sys/net/core/somaxconn", F_OK) == 0 &&
           ::access("/proc/sys/net/core/dev_weight", F_OK) != 0;
}

Error not_there() {
    return {"the module tells of processes that end in the initial network namespace alone: begin "
            "the command with `nsenter --target 1 --net`, on the host",
            Cause::privilege};
}

std::uint32_t inode_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint32_t>(status.st_ino) : 0;
}

// Adds what is at these paths: the names in a directory, each with something behind it.
void add(std::map<std::uint32_t, std::string>& all, const std::string& directory,
         const std::string& behind) {
    std::error_code error;
    // Processes end meanwhile: what cannot be read is passed over.
    fs::directory_iterator at(directory, error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
        const std::string path = at->path().string() + behind;
        if (const auto inode = inode_of(path); inode != 0)
            all.emplace(inode, path);
    }
}

} // namespace

Result<Netns> Netns::enter(const std::string& path) {
    Netns netns;
    Descriptor left(::open(own, O_RDONLY | O_CLOEXEC));
    const Descriptor there(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!left || !there || ::setns(there.get(), CLONE_NEWNET) != 0)
        return system_error(path);
    netns.left_ = std::move(left);
    return netns;
}

Result<Netns> Netns::enter_initial() {
    if (!is_not_initial())
        return Netns();
    auto netns = enter("/proc/1/ns/net");
    if (!netns || is_not_initial())
        return not_there();
    return netns;
}

Netns::~Netns() {
    if (left_)
        (void)::setns(left_.get(), CLONE_NEWNET);
}

std::uint32_t own_netns() {
    return inode_of(own);
}

std::map<std::uint32_t, std::string> all_netns() {
    std::map<std::uint32_t, std::string> all;
    add(all, "/run/netns", "");
    add(all, "/proc", "/ns/net");
    return all;
}

} // namespace netatop
