// SPDX-License-Identifier: GPL-2.0-only
// netatopd: writes the records of exited processes to the log that atop reads.
#include "daemon.h"
#include "options.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): before any thread
    return value == nullptr ? "" : value;
}

// Is standard error a stream to the journal, which takes levels?
bool journal_listens() {
    struct stat info {};
    return ::fstat(STDERR_FILENO, &info) == 0 &&
           environment("JOURNAL_STREAM") ==
               std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
}

constexpr const char* usage = R"(Usage: netatopd [--log FILE] [--disown]
Writes the network counters of exited processes, as the kernel module netatop
knows them, to a log that atop and netatop-log read. Stays in the foreground.

  --log FILE  write to FILE instead of /run/netatop.log
  --disown    after a daemon was killed: take its process id out of its log, and exit
  --help      print this and exit
  --version   print the version and exit
)";

} // namespace

int main(int argc, char** argv) {
    using namespace netatop;

    Config config;
    Options options("netatopd", usage);
    bool disown = false;
    options.value("--log", config.log_path);
    options.flag("--disown", disown);
    if (const auto status = options.parse({argv + 1, argv + argc}, std::cout, std::cerr))
        return *status;

    if (disown) {
        disown_log(config);
        return EXIT_SUCCESS;
    }
    Messages messages(std::cerr, journal_listens());
    const Notify notify(environment("NOTIFY_SOCKET"));
    ModuleSource source;
    Files files;
    const auto done = run_daemon(config, source, files, messages, notify);
    if (done)
        return EXIT_SUCCESS;
    messages.say(Level::error, done.error().text);
    return static_cast<int>(done.error().cause);
}
