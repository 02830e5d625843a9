// SPDX-License-Identifier: GPL-2.0-only
#include "source.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <fstream>
#include <iterator>
#include <system_error>

namespace netatop {

namespace {

using Outcome = Taken::Outcome;

constexpr int oldest_module = 4; // major version

Taken outcome_of(int code, const std::string& what) {
    switch (code) {
    case EINTR:
        return {Outcome::interrupted};
    case ENOPROTOOPT:
        return {Outcome::absent};
    case EPERM:
        return {Outcome::denied};
    default:
        return {Outcome::failed, {}, what + ": " + std::generic_category().message(code)};
    }
}

// The loaded module's version; empty where it does not say.
std::string module_version() {
    std::string version;
    std::getline(std::ifstream("/sys/module/netatop/version"), version);
    return version;
}

constexpr const char* cannot_take = "cannot take a record from the module";

Taken wrong_length(socklen_t length) {
    return {Outcome::unfit,
            {},
            "the loaded module's records have " + std::to_string(length) +
                " bytes: it is not the one for this daemon"};
}

std::int64_t now_ns(clockid_t clock) {
    timespec now{};
    (void)::clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// ms since the epoch, of a time in ns since boot.
std::int64_t epoch_ms(std::uint64_t since_boot) {
    const auto ago = now_ns(CLOCK_BOOTTIME) - static_cast<std::int64_t>(since_boot);
    return (now_ns(CLOCK_REALTIME) - ago) / 1'000'000;
}

} // namespace

Taken taken(const netatop_exit& ended) {
    Taken taken{Outcome::record};
    const auto& count = ended.count;
    taken.task = {ended.id, static_cast<unsigned long>(ended.btime),
                  {},       count[0],
                  count[1], count[2],
                  count[3], count[4],
                  count[5], count[6],
                  count[7]};
    std::copy(std::begin(ended.command), std::end(ended.command), std::begin(taken.task.command));
    auto& tail = taken.tail;
    tail.start = ended.start;
    tail.end = ended.end;
    tail.exited = epoch_ms(ended.end);
    tail.cgroup = ended.cgroup;
    tail.uid = ended.uid;
    tail.parent = ended.parent;
    tail.netns = ended.netns;
    tail.known = LogTail::knows_all;
    std::copy(std::begin(ended.loopback), std::end(ended.loopback), tail.loopback.begin());
    return taken;
}

bool supports_module(const std::string& version) {
    int major = oldest_module;
    std::from_chars(version.data(), version.data() + version.size(), major);
    return major >= oldest_module;
}

Taken ModuleSource::probe() {
    long_form_ = true;
    if (!socket_)
        socket_ = Descriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket_)
        return outcome_of(errno, "cannot open a socket");

    socklen_t length = 0;
    if (::getsockopt(socket_.get(), SOL_IP, NETATOP_PROBE, nullptr, &length) != 0)
        return outcome_of(errno, "cannot probe the module");
    const std::string version = module_version();
    if (!supports_module(version))
        return {Outcome::unfit,
                {},
                "the loaded module is version " + version +
                    ", too old: upgrade netatop-dkms, then "
                    "`modprobe -r netatop && modprobe netatop`"};
    return {Outcome::record};
}

Taken ModuleSource::take() {
    return long_form_ ? take_long() : take_short();
}

// An older module does not know that: it is asked as atop would then. A newer one may be loaded
// before the next probe.
Taken ModuleSource::take_long() {
    netatop_exit ended{};
    socklen_t length = sizeof ended;
    if (::getsockopt(socket_.get(), SOL_IP, NETATOP_GETCNT_EXIT_LONG, &ended, &length) != 0) {
        if (errno != ENOPROTOOPT && errno != EINVAL)
            return outcome_of(errno, cannot_take);
        long_form_ = false;
        return take_short();
    }
    return length == sizeof ended ? taken(ended) : wrong_length(length);
}

Taken ModuleSource::take_short() {
    Taken taken{Outcome::record};
    socklen_t length = sizeof taken.task;
    if (::getsockopt(socket_.get(), SOL_IP, NETATOP_GETCNT_EXIT, &taken.task, &length) != 0)
        return outcome_of(errno, cannot_take);
    return length == sizeof taken.task ? taken : wrong_length(length);
}

} // namespace netatop
