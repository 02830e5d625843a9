// SPDX-License-Identifier: GPL-2.0-only
#include "lib/namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sstream>
#include <sys/stat.h>
#include <vector>

#include "lib/command.h"

namespace guest {

namespace {

Fd current_namespace() {
    return Fd(check(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "own namespace"));
}

} // namespace

Namespace::Namespace() {
    const Fd home = current_namespace();
    check(::unshare(CLONE_NEWNET), "unshare network namespace");
    fd_ = current_namespace();
    check(::setns(home.get(), CLONE_NEWNET), "return from new namespace");
    ip("link set lo up\n");
}

void Namespace::enter() const {
    check(::setns(fd_.get(), CLONE_NEWNET), "enter namespace");
}

std::string Namespace::path() const {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get());
}

std::uint32_t Namespace::inode() const {
    struct stat info {};
    check(::fstat(fd_.get(), &info), "fstat");
    return static_cast<std::uint32_t>(info.st_ino);
}

void Namespace::ip(const std::string& lines) const {
    const Inside inside(*this);
    guest::run({"ip", "-batch", "-"}, lines);
}

std::string Namespace::nft(const std::string& script) const {
    const Inside inside(*this);
    return guest::run({"nft", "-f", "-"}, script);
}

std::string Namespace::run(const std::string& command) const {
    const Inside inside(*this);
    std::istringstream words(command);
    std::vector<std::string> argv;
    for (std::string word; words >> word;)
        argv.push_back(word);
    return guest::run(argv);
}

void Namespace::sysctl(const std::string& name, const std::string& value) const {
    const Inside inside(*this);
    write_file("/proc/sys/net/" + name, value);
}

Inside::Inside(const Namespace& ns) : home_(current_namespace()) {
    ns.enter();
}

Inside::~Inside() {
    if (::setns(home_.get(), CLONE_NEWNET) != 0)
        std::terminate();
}

} // namespace guest
