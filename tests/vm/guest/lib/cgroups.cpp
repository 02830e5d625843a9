// SPDX-License-Identifier: GPL-2.0-only
#include "lib/cgroups.h"

#include <cerrno>
#include <sstream>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/command.h"
#include "lib/wait.h"
#include "uapi/netatop_netlink.h"

namespace guest {

namespace {

std::uint64_t made(const std::string& path) {
    struct stat status {};
    check(::mkdir(path.c_str(), 0755), path.c_str());
    check(::stat(path.c_str(), &status), path.c_str());
    return status.st_ino;
}

} // namespace

CgroupDirectory::CgroupDirectory(std::string path) : path_(std::move(path)), id_(made(path_)) {}

void CgroupDirectory::take(pid_t process) const {
    write_file(path_ + "/cgroup.procs", std::to_string(process));
}

void CgroupDirectory::take_thread(pid_t thread) const {
    write_file(path_ + "/cgroup.threads", std::to_string(thread));
}

void CgroupDirectory::make_threaded() const {
    write_file(path_ + "/cgroup.type", "threaded");
}

bool CgroupDirectory::remove() {
    return eventually([&] { return ::rmdir(path_.c_str()) == 0 || errno != EBUSY; }, settling);
}

unsigned CgroupDirectory::dying_below() const {
    std::istringstream text(read_file(path_ + "/cgroup.stat"));
    std::string label;
    for (unsigned value = 0; text >> label >> value;)
        if (label == "nr_dying_descendants")
            return value;
    throw std::runtime_error("cgroup.stat tells nothing of dying descendants");
}

CgroupBooks read_cgroup_books() {
    Genl genl;
    CgroupBooks books;
    for (const auto& [id, sums] : genl.cgroups()) {
        books.credited = books.credited + sums.counters + sums.part(NETATOP_A_ENDED_BELOW) +
                         sums.part(NETATOP_A_WAITING);
        books.credited_loopback = books.credited_loopback + sums.loopback +
                                  sums.part_loopback(NETATOP_A_ENDED_BELOW) +
                                  sums.part_loopback(NETATOP_A_WAITING);
    }
    const auto total = genl.total();
    if (!total)
        throw std::runtime_error("no answer to GET_TOTAL");
    books.counted = total->counters;
    books.counted_loopback = total->loopback;
    for (const auto part :
         {NETATOP_A_KERNEL, NETATOP_A_NOSOCKET, NETATOP_A_OVERFLOW, NETATOP_A_NOCGROUP}) {
        books.credited = books.credited + total->part(part);
        books.credited_loopback = books.credited_loopback + total->part_loopback(part);
    }
    return books;
}

} // namespace guest
