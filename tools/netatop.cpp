// SPDX-License-Identifier: GPL-2.0-only
// netatop: who uses the network.
#include "doctor.h"
#include "export.h"
#include "list.h"
#include "live.h"
#include "options.h"
#include "result.h"
#include "run.h"
#include "watch.h"

#include <clocale>
#include <iostream>
#include <map>

namespace {

constexpr const char* usage = R"(Usage: netatop [-d SECONDS] [-r]
       netatop COMMAND [ARGUMENT...]
Shows who uses the network, as the kernel module netatop counts it: on a terminal and without a
command as it happens, until the key q; ? has the other keys.

  list       who carried what: processes, users, units, containers, connections, remotes, ...
  run        run a command, and say what it and all that it started carried
  watch      each process and each cgroup that ends, with what it carried
  doctor     what is wrong on this host, and what to do about it
  export     what engines of metrics read, as Prometheus

  -d, --interval SECONDS  without a command: a new sample every so many seconds, 1 otherwise
  -r, --resolve           without a command: show remotes by their names, as DNS has them
      --help              print this and exit
      --version           print the version and exit

netatop COMMAND --help has the rest.
)";

} // namespace

int main(int argc, char** argv) {
    using namespace netatop;

    // Which characters can be shown; all else as in "C".
    (void)std::setlocale(LC_CTYPE, ""); // NOLINT(concurrency-mt-unsafe): before any thread
    std::vector<std::string> command;
    Options options("netatop", usage);
    std::string interval;
    options.command(command);
    options.value("--interval", interval, 'd');
    bool resolve = false;
    options.flag("--resolve", resolve, 'r');
    if (const auto status = options.parse({argv + 1, argv + argc}, std::cout, std::cerr))
        return *status;
    if (command.empty() && on_terminal())
        return live_command(interval, resolve);
    if (!command.empty() && (!interval.empty() || resolve)) {
        std::cerr << "netatop: options of a command stand behind it\n";
        return static_cast<int>(Cause::usage);
    }
    using Command = int (*)(const std::vector<std::string>&);
    static const std::map<std::string, Command> commands{{"doctor", doctor_command},
                                                         {"export", export_command},
                                                         {"list", list_command},
                                                         {"run", run_command},
                                                         {"watch", watch_command}};
    const auto found = command.empty() ? commands.end() : commands.find(command[0]);
    if (found == commands.end()) {
        std::cerr << (command.empty() ? std::string(usage)
                                      : "netatop: there is no command '" + command[0] +
                                            "'; try 'netatop --help'\n");
        return static_cast<int>(Cause::usage);
    }
    return found->second({command.begin() + 1, command.end()});
}
