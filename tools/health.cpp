// SPDX-License-Identifier: GPL-2.0-only
#include "health.h"

#include "client.h"
#include "processes.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

namespace netatop {

namespace {

// Lines "name: rest" of /proc/netatop.
std::map<std::string, std::string> status_of(const Host& host) {
    std::map<std::string, std::string> lines;
    std::ifstream file(host.at("/proc/netatop"));
    for (std::string line; std::getline(file, line);)
        if (const auto colon = line.find(':'); colon != std::string::npos)
            lines[line.substr(0, colon)] = line.substr(colon + 1);
    return lines;
}

std::uint64_t number_of(const std::string& text) {
    return std::strtoull(text.c_str(), nullptr, 10);
}

// A table that has been full, or will be soon. `row` is "  12 (overflow:  0)".
Finding table(const Host& host, const std::string& what, const std::string& row,
              const std::string& parameter) {
    const auto used = number_of(row);
    const auto bracket = row.find("overflow:");
    const auto overflows = bracket == std::string::npos
                               ? 0
                               : number_of(row.substr(bracket + std::string("overflow:").size()));
    const auto most = number_of(host.line_of("/sys/module/netatop/parameters/" + parameter));
    Finding finding{"table of " + what, State::good,
                    std::to_string(used) + " of " + std::to_string(most), ""};
    if (overflows != 0) {
        finding.state = State::note;
        finding.text += "; there was no room " + std::to_string(overflows) + " times";
    } else if (most != 0 && used > most / 10 * 9) {
        finding.state = State::note;
        finding.text += ": nearly full";
    }
    if (finding.state != State::good)
        finding.next = "echo " + std::to_string(2 * most) + " >/sys/module/netatop/parameters/" +
                       parameter + ", and in /etc/modprobe.d for the next boot";
    return finding;
}

Finding answers(const Host& host) {
    const auto client = Client::open(host.connect);
    if (!client)
        return {"netlink", State::wrong, client.error().text, ""};
    return {"netlink", State::good, "the module answers", ""};
}

// Is there a line in the file that has both?
bool has_line(const Host& host, const std::string& path, const std::string& begin,
              const std::string& word) {
    std::ifstream file(host.at(path));
    for (std::string line; std::getline(file, line);)
        if (line.rfind(begin, 0) == 0 && line.find(word) != std::string::npos)
            return true;
    return false;
}

Finding atop(const Host& host) {
    if (!host.has("/usr/bin/atop"))
        return {"atop", State::good, "it is not installed, and not needed", ""};
    if (has_line(host, "/etc/default/atop", "LOGOPTS", "-K"))
        return {"atop", State::good, "its recordings have network counters", ""};
    return {"atop", State::note, "its recordings have no network counters",
            "LOGOPTS=\"-K\" in /etc/default/atop, systemctl restart atop"};
}

} // namespace

std::string Host::line_of(const std::string& path) const {
    std::ifstream file(at(path));
    std::string line;
    std::getline(file, line);
    return line;
}

bool Host::has(const std::string& path) const {
    return ::access(at(path).c_str(), F_OK) == 0;
}

Host this_host() {
    utsname name{};
    (void)::uname(&name);
    return {"", name.release};
}

std::vector<Finding> examine_counting(const Host& host) {
    if (!host.has("/sys/module/netatop"))
        return {};
    auto status = status_of(host);
    std::vector<Finding> findings{answers(host)};
    if (status["accounting"] == " on")
        findings.push_back({"accounting", State::good, "packets are counted", ""});
    else
        findings.push_back({"accounting", State::wrong, "it is switched off: nothing is counted",
                            "echo 1 >/sys/module/netatop/parameters/enabled"});
    findings.push_back(table(host, "sockets", status["#sockinfo"], "max_sockets"));
    findings.push_back(table(host, "tasks", status["#taskinfo"], "max_tasks"));
    if (const auto dropped = number_of(status["exits dropped"]); dropped != 0)
        findings.push_back({"ended processes", State::note,
                            std::to_string(dropped) + " were dropped before anybody read of them",
                            "systemctl enable --now netatopd, which reads"});
    return findings;
}

std::vector<Finding> examine_programs(const Host& host) {
    std::vector<Finding> findings;
    const auto processes = all_processes(host.at("/proc"));
    const auto runs = [&](const char* name) {
        return std::any_of(processes.begin(), processes.end(),
                           [&](const auto& one) { return one.second.name == name; });
    };
    if (runs("netatopd"))
        findings.push_back({"netatopd", State::good, "it runs", ""});
    else
        findings.push_back({"netatopd", State::note,
                            "it does not run: atop sees nothing of processes that end",
                            "systemctl enable --now netatopd"});
    findings.push_back(atop(host));
    if (runs("netatop-bpf"))
        findings.push_back({"netatop-bpf", State::note, "it runs too, and atop may ask it instead",
                            "systemctl disable --now netatop-bpf"});
    if (sees_all(host.at("/proc/self")))
        findings.push_back({"rights", State::good, "all processes are shown to you", ""});
    else
        findings.push_back({"rights", State::note, "only what is wholly yours is shown to you",
                            "sudo netatop, or CAP_NET_ADMIN in the initial user namespace"});
    return findings;
}

} // namespace netatop
