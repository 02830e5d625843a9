// SPDX-License-Identifier: GPL-2.0-only
// netatop-log: shows the network counters of exited processes.
#include "log_client.h"
#include "log_options.h"

#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <iostream>

namespace {

int failed(const netatop::Error& error) {
    std::cerr << "netatop-log: " << error.text << '\n';
    return static_cast<int>(error.cause);
}

} // namespace

int main(int argc, char** argv) {
    using namespace netatop;

    (void)std::setlocale(LC_CTYPE, ""); // NOLINT(concurrency-mt-unsafe): before any thread
    LogOptions given;
    Options options("netatop-log", LogOptions::usage());
    given.add_to(options);
    if (const auto status = options.parse({argv + 1, argv + argc}, std::cout, std::cerr))
        return *status;
    const auto client = given.take(present_ms());
    if (!client)
        return failed(client.error());
    const auto shown = show_log(*client, STDOUT_FILENO, std::cerr);
    return shown ? EXIT_SUCCESS : failed(shown.error());
}
