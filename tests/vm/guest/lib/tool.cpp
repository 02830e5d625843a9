// SPDX-License-Identifier: GPL-2.0-only
#include "lib/tool.h"

#include <sstream>

#include "lib/command.h"

namespace guest {

const std::string tool = PROGRAMS "/tools/netatop";

std::vector<std::string> listed(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {tool, "list"});
    return lines_in(run(arguments));
}

std::string status_of(const std::string& arguments, const std::string& user) {
    const std::string copy = "/tmp/netatop-for-all"; // others may not look into the tree
    const std::string command = copy + " " + arguments + " 2>&1; echo \"status $?\"";
    run({"sh", "-c", "cp " + tool + " " + copy + " && chmod 755 " + copy});
    return run({"su", "-s", "/bin/sh", user, "-c", command});
}

std::vector<std::string> lines_in(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

long long number_in(const std::string& line, const std::string& name) {
    const auto at = line.find("\"" + name + "\":");
    if (at == std::string::npos || line[at + name.size() + 3] == 'n')
        return -1;
    return std::stoll(line.substr(at + name.size() + 3));
}

Counters counters_in(const std::string& line) {
    const auto value = [&](const char* name) {
        return static_cast<std::uint64_t>(number_in(line, name));
    };
    return {{{value("tcpsndpacks"), value("tcpsndbytes")},
             {value("tcprcvpacks"), value("tcprcvbytes")}},
            {{value("udpsndpacks"), value("udpsndbytes")},
             {value("udprcvpacks"), value("udprcvbytes")}}};
}

} // namespace guest
