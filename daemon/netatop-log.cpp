// SPDX-License-Identifier: GPL-2.0-only
// netatop-log: shows the network counters of exited processes.
#include "log_client.h"
#include "options.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace {

constexpr const char* usage = R"(Usage: netatop-log [--follow] [--json] [--log FILE]
Shows the network counters of exited processes from the log of netatopd.

  --follow    go on with records as they come, until interrupted
  --json      print one JSON object a line instead of a table
  --log FILE  read FILE instead of /run/netatop.log
  --help      print this and exit
  --version   print the version and exit

netatopd logs only while somebody reads: without --follow, this shows what other
readers, such as atop, made it log.
)";

} // namespace

int main(int argc, char** argv) {
    using namespace netatop;

    LogClient client;
    Options options("netatop-log", usage);
    options.flag("--follow", client.follow);
    options.flag("--json", client.json);
    options.value("--log", client.log_path);
    if (const auto status = options.parse({argv + 1, argv + argc}, std::cout, std::cerr))
        return *status;

    const auto shown = show_log(client, STDOUT_FILENO, std::cerr);
    if (shown)
        return EXIT_SUCCESS;
    std::cerr << "netatop-log: " << shown.error().text << '\n';
    return static_cast<int>(shown.error().cause);
}
