// SPDX-License-Identifier: GPL-2.0-only
#include "machine.h"

#include "program.h"

#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

namespace netatop::native {

namespace {

namespace fs = std::filesystem;

// A file of those that tell of all processors.
std::string in_sysfs(const std::string& name) {
    return "/sys/devices/system/cpu/" + name;
}

constexpr const char* unknown = "not told";

std::string or_unknown(const std::string& text) {
    return text.empty() ? unknown : text;
}

std::string kernel() {
    utsname name{};
    return ::uname(&name) == 0 ? std::string(name.release) + " " + name.machine : unknown;
}

// The value behind a name in /proc/cpuinfo, the first one.
std::string cpuinfo(const std::string& name) {
    std::ifstream file("/proc/cpuinfo");
    std::string line;
    while (std::getline(file, line))
        if (const auto colon = line.find(": ");
            line.rfind(name, 0) == 0 && colon != std::string::npos)
            return line.substr(colon + 2);
    return "";
}

std::string governor(int processor) {
    const std::string place = in_sysfs("cpu" + std::to_string(processor) + "/cpufreq/");
    const std::string name = first_line(place + "scaling_governor");
    const std::string driver = first_line(place + "scaling_driver");
    return name.empty() ? unknown : name + (driver.empty() ? "" : ", by " + driver);
}

std::string boost() {
    if (const auto off = first_line(in_sysfs("intel_pstate/no_turbo")); !off.empty())
        return off == "0" ? "on" : "off";
    const auto on = first_line(in_sysfs("cpufreq/boost"));
    return on.empty() ? unknown : on == "1" ? "on" : "off";
}

// Each vulnerability and what is done against it, but those that the processor does not have.
std::string mitigations() {
    std::vector<std::string> all;
    std::error_code error;
    fs::directory_iterator at(in_sysfs("vulnerabilities"), error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
        const std::string said = first_line(at->path().string());
        if (said != "Not affected")
            all.push_back(at->path().filename().string() + ": " + said);
    }
    if (error)
        return unknown;
    std::sort(all.begin(), all.end());
    std::string text;
    for (const std::string& one : all)
        text += (text.empty() ? "" : "; ") + one;
    return text.empty() ? "not affected by any that the kernel knows" : text;
}

std::string virtual_machine() {
    return cpuinfo("flags").find(" hypervisor") == std::string::npos ? "no" : "yes";
}

} // namespace

Notes machine_notes(int processor) {
    return {
        {"kernel", kernel()},
        {"processor", or_unknown(cpuinfo("model name"))},
        {"processors", std::to_string(std::thread::hardware_concurrency())},
        {"measured_on", std::to_string(processor)},
        {"governor", governor(processor)},
        {"boost", boost()},
        {"virtual_machine", virtual_machine()},
        {"clock", or_unknown(first_line(
                      "/sys/devices/system/clocksource/clocksource0/current_clocksource"))},
        {"load", or_unknown(first_line("/proc/loadavg"))},
        {"mitigations", mitigations()},
    };
}

Result<int> stay_on_one_processor() {
    cpu_set_t set{};
    if (::sched_getaffinity(0, sizeof(set), &set) != 0)
        return system_error("cannot tell which processors there are");
    int last = CPU_SETSIZE - 1;
    while (last > 0 && !CPU_ISSET(static_cast<unsigned>(last), &set))
        --last;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(last), &set);
    if (::sched_setaffinity(0, sizeof(set), &set) != 0)
        return system_error("cannot stay on processor " + std::to_string(last));
    return last;
}

} // namespace netatop::native
