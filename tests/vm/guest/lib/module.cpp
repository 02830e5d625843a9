// SPDX-License-Identifier: GPL-2.0-only
#include "lib/module.h"

#include <fcntl.h>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/command.h"
#include "lib/fd.h"
#include "lib/wait.h"

namespace guest::module {

const std::vector<std::string> classes = {"waiting", "kernel", "nosocket", "gone", "overflow"};

int load(const std::string& parameters) {
    const char* path = ::getenv("NETATOP_KO");
    if (!path)
        throw std::runtime_error("NETATOP_KO does not name the module to load");
    const char* always = ::getenv("NETATOP_PARAMS");
    const Fd file(check(::open(path, O_RDONLY | O_CLOEXEC), path));
    const auto all = std::string(always ? always : "") + " " + parameters;
    return ::syscall(SYS_finit_module, file.get(), all.c_str(), 0) == 0 ? 0 : errno;
}

int unload() {
    return ::syscall(SYS_delete_module, "netatop", O_NONBLOCK) == 0 ? 0 : errno;
}

bool loaded() {
    return ::access("/proc/netatop", F_OK) == 0;
}

void require() {
    if (loaded())
        return;
    if (const int error = load())
        fail("load the module", error);
}

void reload(const std::string& parameters) {
    if (loaded())
        if (const int error = unload())
            fail("unload the module", error);
    if (const int error = load(parameters))
        fail("load the module with " + parameters, error);
}

Status Status::read() {
    Status status;
    const std::regex number(R"(\d+)");
    std::istringstream text(read_file("/proc/netatop"));
    for (std::string line; std::getline(text, line);) {
        status.lines.push_back(line);
        const auto colon = line.find(':');
        if (colon == std::string::npos)
            continue;
        auto& values = status.values[line.substr(0, colon)];
        const auto rest = line.substr(colon + 1);
        for (auto it = std::sregex_iterator(rest.begin(), rest.end(), number);
             it != std::sregex_iterator(); ++it)
            values.push_back(std::stoull(it->str()));
    }
    return status;
}

std::uint64_t Status::number(const std::string& label, std::size_t index) const {
    const auto found = values.find(label);
    if (found == values.end() || found->second.size() <= index)
        throw std::runtime_error("/proc/netatop has no number " + std::to_string(index) +
                                 " after " + label);
    return found->second[index];
}

Counters Status::counters(const std::string& label) const {
    const auto at = [&](std::size_t i) { return Flow{number(label, i), number(label, i + 1)}; };
    return {{at(0), at(2)}, {at(4), at(6)}};
}

std::string audit() {
    auto said = read_file("/sys/module/netatop/parameters/check");
    return said.substr(0, said.find('\n'));
}

// Where packets come all the time the books cannot be balanced: that is no fault.
bool audit_is_wrong(const std::string& said) {
    return said.rfind("wrong", 0) == 0;
}

bool debug_build() {
    return ::access("/sys/module/netatop/parameters/break_credit", F_OK) == 0;
}

Counters counters(const std::string& label) {
    return Status::read().counters(label);
}

} // namespace guest::module
