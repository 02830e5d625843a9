// SPDX-License-Identifier: GPL-2.0-only
// netatop-bench-native: what the module costs on this machine.
#include "comparison.h"
#include "machine.h"
#include "options.h"
#include "report.h"
#include "serve.h"
#include "workloads.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <random>

namespace {

using namespace netatop;         // NOLINT(google-build-using-namespace)
using namespace netatop::native; // NOLINT(google-build-using-namespace)

constexpr const char* usage =
    R"(Usage: netatop-bench-native [OPTION...]
       netatop-bench-native --serve [--port N]
Measures on this machine what the module netatop costs: by turns with it and without it, over
loopback and a veth pair in network namespaces of their own. Counters of all processes begin anew
when the module is unloaded, and stand still while it is switched off.

  --way WAY         enabled: against the module switched off; loaded: against no module
                    (both; may be repeated)
  --path PATH       lo4, lo6, veth4, veth6, or peer with --peer (all; may be repeated)
  --workload NAME   udp-rr, tcp-rr, tcp-bulk or tcp-connect (all; may be repeated)
  --peer ADDRESS    also to another machine, on which --serve runs
  --pairs N         pairs of measurements, 20 to 500 (20)
  --milliseconds N  length of each measurement, 10 to 10000 (200)
  --seed N          repeat the order of another run
  --json            an object a line
  --serve           be the other end for --peer, until a signal comes; for a trusted network only
  --port N          the port of that, and the next one (47600)
  --help, --version
)";

constexpr double confidence = 0.99;

struct Asked {
    std::vector<std::string> ways;
    std::vector<std::string> paths;
    std::vector<std::string> workloads;
    std::string peer;
    std::string pairs = "20";
    std::string milliseconds = "200";
    std::string seed;
    std::string port = std::to_string(default_port);
    bool json = false;
    bool serve = false;
};

Options options_for(Asked& asked) {
    Options options("netatop-bench-native", usage);
    options.values("--way", asked.ways);
    options.values("--path", asked.paths);
    options.values("--workload", asked.workloads);
    options.value("--peer", asked.peer);
    options.value("--pairs", asked.pairs);
    options.value("--milliseconds", asked.milliseconds);
    options.value("--seed", asked.seed);
    options.value("--port", asked.port);
    options.flag("--json", asked.json);
    options.flag("--serve", asked.serve);
    return options;
}

Result<std::uint64_t> in_range(const std::string& name, const std::string& text,
                               std::uint64_t least, std::uint64_t most) {
    const auto value = number(text);
    if (!value || *value < least || *value > most)
        return Error{name + " is a number from " + std::to_string(least) + " to " +
                         std::to_string(most),
                     Cause::usage};
    return *value;
}

// Of all, those that are asked for; all when none are.
template <typename T, typename Name>
Result<std::vector<T>> chosen(const std::string& option, const std::vector<T>& all,
                              const std::vector<std::string>& names, Name name_of) {
    std::vector<T> some;
    for (const T& one : all)
        if (names.empty() || std::count(names.begin(), names.end(), name_of(one)) > 0)
            some.push_back(one);
    for (const std::string& name : names)
        if (std::none_of(all.begin(), all.end(),
                         [&](const T& one) { return name_of(one) == name; }))
            return Error{
                std::string(option).append(": there is no '").append(name).append("' here"),
                Cause::usage};
    return some;
}

// All but the paths, for which root is needed.
Result<Plan> plan_for(const Asked& asked) {
    const auto pairs = in_range("--pairs", asked.pairs, 20, 500);
    const auto milliseconds = in_range("--milliseconds", asked.milliseconds, 10, 10000);
    const auto port = in_range("--port", asked.port, 1, 65534);
    const auto seed = asked.seed.empty() ? Result<std::uint64_t>(std::random_device()())
                                         : in_range("--seed", asked.seed, 0, UINT64_MAX);
    for (const auto* value : {&pairs, &milliseconds, &port, &seed})
        if (!*value)
            return value->error();
    auto some_ways = chosen("--way", ways(), asked.ways, [](const Way& way) { return way.name; });
    auto names = chosen("--workload", workload_names(), asked.workloads,
                        [](const std::string& name) { return name; });
    if (!some_ways || !names)
        return some_ways ? names.error() : some_ways.error();
    return Plan{*some_ways,
                {},
                *names,
                static_cast<std::uint16_t>(*port),
                static_cast<int>(*pairs),
                static_cast<int>(*milliseconds),
                *seed,
                confidence};
}

Result<std::vector<Path>> paths_for(const Asked& asked, const Stage& stage) {
    auto all = stage.paths();
    if (!asked.peer.empty()) {
        const auto peer = way_to(asked.peer);
        if (!peer)
            return peer.error();
        all.push_back(*peer);
    }
    return chosen("--path", all, asked.paths, [](const Path& path) { return path.name; });
}

void show(const Way& way, int pair, const Plan& plan) {
    if (::isatty(STDERR_FILENO) == 1)
        std::cerr << '\r' << way.name << ": pair " << pair + 1 << " of " << plan.pairs << "  "
                  << (pair + 1 == plan.pairs ? "\n" : "") << std::flush;
}

// The module is as it was before anything is printed.
Result<Report> measure_all(Plan plan, const Asked& asked, const Interrupt& interrupt) {
    if (::geteuid() != 0)
        return Error{"it switches the kernel's module: run it as root", Cause::privilege};
    const auto processor = stay_on_one_processor();
    if (!processor)
        return processor.error();
    const auto notes = machine_notes(*processor);
    const bool reload = std::any_of(plan.ways.begin(), plan.ways.end(),
                                    [](const Way& way) { return way.without == State::unloaded; });
    auto module = Module::find(reload);
    if (!module)
        return module.error();
    const auto stage = Stage::build();
    if (!stage)
        return stage.error();
    auto paths = paths_for(asked, *stage);
    if (!paths)
        return paths.error();
    plan.paths = std::move(*paths);
    auto series =
        compare(plan, *module, interrupt, [&](const Way& way, int pair) { show(way, pair, plan); });
    if (auto done = module->restore(); !done)
        return series ? done.error() : Error{series.error().text + "; and " + done.error().text};
    if (!series)
        return series.error();
    return Report{notes, plan, std::move(*series)};
}

int fail(const Error& error) {
    std::cerr << "netatop-bench-native: " << error.text << '\n';
    return static_cast<int>(error.cause);
}

int print(const Report& report, bool json, bool interrupted) {
    if (interrupted) {
        std::cerr << "netatop-bench-native: ended by a signal; the module is as it was\n";
        return EXIT_FAILURE;
    }
    if (std::cout << (json ? as_json(report) : as_text(report)) << std::flush)
        return EXIT_SUCCESS;
    return fail(Error{"cannot write the output"});
}

} // namespace

int main(int argc, char** argv) {
    Asked asked;
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (const auto status = options_for(asked).parse(arguments, std::cout, std::cerr))
        return *status;
    const auto plan = plan_for(asked);
    if (!plan)
        return fail(plan.error());
    const auto interrupt = Interrupt::install();
    if (!interrupt)
        return fail(interrupt.error());
    (void)std::signal(SIGPIPE,
                      SIG_IGN); // who reads the output may be gone before the module is back
    if (asked.serve) {
        const auto served = serve(plan->port, *interrupt);
        return served ? EXIT_SUCCESS : fail(served.error());
    }
    const auto report = measure_all(*plan, asked, *interrupt);
    if (!report)
        return fail(report.error());
    return print(*report, asked.json, interrupt->happened());
}
