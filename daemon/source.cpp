// SPDX-License-Identifier: GPL-2.0-only
#include "source.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <fstream>
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

} // namespace

bool supports_module(const std::string& version) {
    int major = oldest_module;
    std::from_chars(version.data(), version.data() + version.size(), major);
    return major >= oldest_module;
}

Taken ModuleSource::probe() {
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
    Taken taken{Outcome::record};
    socklen_t length = sizeof taken.task;
    if (::getsockopt(socket_.get(), SOL_IP, NETATOP_GETCNT_EXIT, &taken.task, &length) != 0)
        return outcome_of(errno, "cannot take a record from the module");
    if (length != sizeof taken.task)
        return {Outcome::unfit,
                {},
                "the loaded module's records have " + std::to_string(length) +
                    " bytes: it is not the one for this daemon"};
    return taken;
}

} // namespace netatop
