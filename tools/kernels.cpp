// SPDX-License-Identifier: GPL-2.0-only
#include "health.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace netatop {

namespace {

namespace fs = std::filesystem;

// Where DKMS and `make install` put it, by the fashion of the distribution, compressed or not.
bool has_module(const Host& host, const std::string& release) {
    for (const char* place : {"updates", "extra", "weak-updates"}) {
        std::error_code error;
        fs::recursive_directory_iterator at(host.at("/lib/modules/" + release + "/" + place),
                                            fs::directory_options::skip_permission_denied, error);
        for (; !error && at != fs::recursive_directory_iterator(); at.increment(error))
            if (at->path().filename().string().rfind("netatop.ko", 0) == 0)
                return true;
    }
    return false;
}

// Those that can be booted; what a removed one left behind has no modules of its own.
std::vector<std::string> installed_kernels(const Host& host) {
    std::vector<std::string> releases;
    std::error_code error;
    fs::directory_iterator at(host.at("/lib/modules"), error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
        const auto release = at->path().filename().string();
        if (host.has("/lib/modules/" + release + "/kernel"))
            releases.push_back(release);
    }
    std::sort(releases.begin(), releases.end());
    return releases;
}

Finding without_module(const Host& host, const std::string& release) {
    Finding finding{"kernel " + release, release == host.release ? State::wrong : State::note,
                    "it has no module", ""};
    const std::string source = std::string("/usr/src/netatop-") + NETATOP_VERSION;
    if (!host.has(source)) {
        finding.text += ": the source of version " NETATOP_VERSION " is not installed";
        finding.next = "apt install netatop-dkms";
    } else if (!host.has("/lib/modules/" + release + "/build/Makefile")) {
        finding.text += ": its headers are not installed";
        finding.next = "apt install linux-headers-" + release;
    } else {
        finding.text += ", though its headers are there";
        finding.next = "dkms install netatop/" NETATOP_VERSION " -k " + release +
                       ", and read /var/lib/dkms/netatop/" NETATOP_VERSION "/build/make.log";
    }
    return finding;
}

bool signatures_are_enforced(const Host& host) {
    const auto lockdown = host.line_of("/sys/kernel/security/lockdown");
    return host.line_of("/sys/module/module/parameters/sig_enforce") == "Y" ||
           (!lockdown.empty() && lockdown.find("[none]") == std::string::npos);
}

Finding not_loaded(const Host& host) {
    Finding finding{"module", State::wrong, "it is not loaded", "modprobe netatop"};
    if (!has_module(host, host.release)) {
        finding.next = "see kernel " + host.release;
    } else if (signatures_are_enforced(host)) {
        finding.text += "; this kernel loads what is signed with a key that it knows";
        finding.next = "modprobe netatop; if that is refused, mokutil --import "
                       "/var/lib/dkms/mok.pub, boot, and confirm the key";
    }
    return finding;
}

Finding loaded(const Host& host) {
    if (!host.has("/sys/module/netatop"))
        return not_loaded(host);
    const auto version = host.line_of("/sys/module/netatop/version");
    const std::string own = NETATOP_VERSION;
    if (version == own)
        return {"module", State::good, "version " + version + " is loaded", ""};
    return {"module", State::wrong,
            "version " + version + " is loaded, and this program is of " + own,
            "systemctl stop netatopd; modprobe -r netatop && modprobe netatop"};
}

} // namespace

std::vector<Finding> examine_kernels(const Host& host) {
    std::vector<Finding> findings{loaded(host)};
    const auto releases = installed_kernels(host);
    if (std::find(releases.begin(), releases.end(), host.release) == releases.end())
        findings.push_back({"kernel " + host.release, State::wrong,
                            "it runs, and its modules are not here",
                            "look on the host, where this is a container; else boot an installed "
                            "kernel"});
    for (const auto& release : releases) {
        if (has_module(host, release))
            findings.push_back(
                {"kernel " + release, State::good,
                 release == host.release ? "it runs, and has its module" : "it has its module",
                 ""});
        else
            findings.push_back(without_module(host, release));
    }
    return findings;
}

} // namespace netatop
