// SPDX-License-Identifier: GPL-2.0-only
#include "processes.h"

#include "options.h"

#include <linux/capability.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace netatop {

namespace {

// Takes a line of eight counters, in the order of the module, unless it is another kind of line.
// They are those of all interfaces, or those of loopback.
void take_counters(std::istringstream& line, Counters& counters, bool loopback) {
    constexpr std::size_t per_scope = all_flows.size() / 2;
    std::array<Flow, per_scope> flows;
    for (auto& flow : flows)
        if (!(line >> flow.packets >> flow.bytes))
            return;
    for (std::size_t i = 0; i < per_scope; ++i)
        counters.*all_flows[loopback ? per_scope + i : i] = flows[i];
}

} // namespace

Process parse_stat(const std::string& text) {
    // The name stands in brackets and may hold some itself.
    const auto begin = text.find('(');
    const auto end = text.rfind(')');
    if (begin == std::string::npos || end == std::string::npos || end < begin)
        return {};
    Process process;
    std::string state;
    std::istringstream rest(text.substr(end + 1));
    if (!(rest >> state >> process.parent))
        return {};
    process.name = text.substr(begin + 1, end - begin - 1);
    return process;
}

std::optional<Process> process_of(std::uint32_t pid, const std::string& proc) {
    std::ifstream file(proc + "/" + std::to_string(pid) + "/stat");
    std::ostringstream text;
    if (!(text << file.rdbuf()))
        return std::nullopt;
    return parse_stat(text.str());
}

std::map<std::uint32_t, Process> all_processes(const std::string& proc) {
    std::map<std::uint32_t, Process> all;
    std::error_code error;
    // Processes end meanwhile: what cannot be read is passed over.
    std::filesystem::directory_iterator at(proc, error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
        const auto name = number(at->path().filename().string());
        if (!name)
            continue;
        const auto pid = static_cast<std::uint32_t>(*name);
        if (auto process = process_of(pid, proc))
            all[pid] = *std::move(process);
    }
    return all;
}

bool sees_all(const std::string& process) {
    constexpr ino_t initial = 0xeffffffd; // user namespace, in every kernel
    struct stat space {};
    if (::stat((process + "/ns/user").c_str(), &space) != 0 || space.st_ino != initial)
        return false;
    const std::string label = "CapEff:";
    std::ifstream in(process + "/status");
    for (std::string line; std::getline(in, line);) {
        if (line.rfind(label, 0) == 0)
            return (std::strtoull(line.c_str() + label.size(), nullptr, 16) >> CAP_NET_ADMIN &
                    1U) != 0;
    }
    return false;
}

Result<std::vector<Class>> classes(const std::string& file) {
    std::ifstream in(file);
    if (!in)
        return errno == ENOENT
                   ? Error{"the module is not loaded: `modprobe netatop`", Cause::module, ENOENT}
                   : system_error("cannot read " + file);
    static constexpr std::array names{"exited",   "waiting", "kernel",
                                      "nosocket", "gone",    "overflow"};
    std::map<std::string, Counters> found;
    for (std::string text; std::getline(in, text);) {
        std::istringstream line(text);
        std::string label;
        line >> label;
        const bool loopback = label == "loopback";
        if (loopback)
            line >> label;
        if (label.size() < 2 || label.back() != ':')
            continue;
        label.pop_back();
        take_counters(line, found[label], loopback);
    }
    const auto total = found.find("total");
    if (total == found.end())
        return Error{"the loaded module does not tell its classes: upgrade netatop-dkms",
                     Cause::version};
    std::vector<Class> all{{"processes", total->second}};
    for (const char* name : names) {
        all.push_back({name, found[name]});
        all.front().counters = rest(all.front().counters, all.back().counters);
    }
    return all;
}

} // namespace netatop
