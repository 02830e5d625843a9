// SPDX-License-Identifier: GPL-2.0-only
#include "members.h"

#include "processes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace netatop {

Result<OwnCgroup> OwnCgroup::make() {
    OwnCgroup own{Cgroups()};
    if (own.cgroups_.root().empty())
        return Error{"cgroups of version 2 are not mounted"};
    std::ostringstream text;
    text << std::ifstream("/proc/self/cgroup").rdbuf();
    std::string path = Cgroups::path_in(text.str());
    if (path.empty())
        return Error{"the cgroup of this process is not in sight"};
    path += (path == "/" ? "" : "/") + ("netatop-run-" + std::to_string(::getpid()));
    const std::string directory = own.cgroups_.root() + path;
    if (::mkdir(directory.c_str(), 0755) != 0)
        return system_error(directory);
    own.path_ = path;
    struct stat status {};
    own.procs_ = Descriptor(::open((directory + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (!own.procs_ || ::stat(directory.c_str(), &status) != 0)
        return system_error(directory);
    own.id_ = status.st_ino;
    return own;
}

OwnCgroup::~OwnCgroup() {
    if (!path_.empty())
        ::rmdir((cgroups_.root() + path_).c_str());
}

bool OwnCgroup::has(const Task& task) {
    if (!task.cgroup)
        return false;
    if (*task.cgroup == id_)
        return true;
    const auto path = cgroups_.path(*task.cgroup);
    return path && path->rfind(path_ + '/', 0) == 0;
}

std::optional<bool> Descendants::has(std::uint32_t tgid) const {
    // More steps than processes there can be: they change while they are gone through.
    constexpr int steps = 1 << 22;
    for (int i = 0; i < steps && tgid > 1; ++i) {
        if (tgid == ancestor_)
            return true;
        if (const auto process = process_of(tgid, proc_)) {
            tgid = process->parent;
            continue;
        }
        const auto known = ended_.find(tgid);
        return known == ended_.end() ? std::nullopt : known->second;
    }
    return false;
}

std::optional<bool> Descendants::had(const Task& task) {
    const auto verdict = task.parent ? has(*task.parent) : std::nullopt;
    ended_[task.tgid] = verdict;
    return verdict;
}

} // namespace netatop
