// SPDX-License-Identifier: GPL-2.0-only
// netatop-exporter: who uses the network, for engines of metrics, by HTTP.
#include "given.h"
#include "options.h"
#include "service.h"

#include <iostream>

namespace {

constexpr const char* usage = R"(Usage: netatop-exporter [OPTION...]
Answers HTTP requests for /metrics with what slices, units, containers and commands have carried
since it began, as the kernel module netatop counts it, in the text format of Prometheus or as
OpenMetrics. Needs CAP_NET_ADMIN.

      --listen ADDRESS:PORT  where to; 127.0.0.1:10147 unless the service manager passes a socket
      --max-units N          so many units and containers at most, others together; 2000
      --max-commands N       so many commands at most, others together; 500
      --keep SECONDS         how long a unit is told that has ended; 300
      --help                 print this and exit
      --version              print the version and exit
)";

struct Given {
    std::string listen, units, commands, keep;
};

netatop::Result<netatop::ServiceOptions> taken(const Given& given) {
    using namespace netatop;
    constexpr std::uint64_t most = 1'000'000;
    const auto wrong_value = [](const std::string& what, const std::string& value) {
        return Error{what + " is not '" + value + "'; try 'netatop-exporter --help'", Cause::usage};
    };
    ServiceOptions options;
    options.listen = given.listen;
    if (!take_number(given.units, options.limits.units, 1, most))
        return wrong_value("a number of units", given.units);
    if (!take_number(given.commands, options.limits.commands, 1, most))
        return wrong_value("a number of commands", given.commands);
    auto keep = static_cast<std::uint64_t>(options.limits.keep.count());
    if (!take_number(given.keep, keep, 0, most))
        return wrong_value("a number of seconds", given.keep);
    options.limits.keep = std::chrono::seconds(keep);
    return options;
}

} // namespace

int main(int argc, char** argv) {
    using namespace netatop;

    Given given;
    Options options("netatop-exporter", usage);
    options.value("--listen", given.listen);
    options.value("--max-units", given.units);
    options.value("--max-commands", given.commands);
    options.value("--keep", given.keep);
    if (const auto status = options.parse({argv + 1, argv + argc}, std::cout, std::cerr))
        return *status;
    const auto service = taken(given);
    const Status done = service ? serve(*service) : Status(service.error());
    if (!done)
        std::cerr << "netatop-exporter: " << done.error().text << '\n';
    return done ? 0 : static_cast<int>(done.error().cause);
}
