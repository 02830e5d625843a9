// SPDX-License-Identifier: GPL-2.0-only
// The stress program that runs as root inside a booted kernel: everything at once against the
// module that NETATOP_KO names, and then its books must balance. The kernel's own log tells the
// rest.
#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <stdexcept>

#include "actor.h"
#include "balance.h"
#include "lib/command.h"
#include "lib/module.h"
#include "lib/wait.h"
#include "phases.h"
#include "relay.h"

namespace {

using namespace stress;

struct Options {
    Extent extent;
    std::vector<std::string> phases;
};

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; i++) {
        const std::string word = argv[i];
        if (word == "--seconds" && i + 1 < argc)
            options.extent.seconds = std::chrono::seconds(std::stoi(argv[++i]));
        else if (word == "--reloads" && i + 1 < argc)
            options.extent.reloads = static_cast<unsigned>(std::stoul(argv[++i]));
        else if (word == "--calls" && i + 1 < argc)
            options.extent.calls = std::stoull(argv[++i]);
        else
            options.phases.push_back(word);
    }
    return options;
}

bool run(const Phase& phase, const Stage& stage, const Extent& extent) {
    std::cout << phase.name << std::endl;
    const auto started = guest::Clock::now();
    bool passed = true;
    try {
        phase.run(stage, extent);
    } catch (const std::exception& error) {
        std::cout << error.what() << "\n";
        passed = false;
    }
    const auto taken = guest::Clock::now() - started;
    std::cout << phase.name << (passed ? ": passed, " : ": failed, ")
              << std::chrono::duration_cast<std::chrono::seconds>(taken).count() << " s"
              << std::endl;
    return passed;
}

int run_all(const Options& options) {
    guest::run({"modprobe", "-a", "nf_socket_ipv4", "nf_socket_ipv6"});
    const auto stage = std::make_unique<Stage>();
    bool passed = true;
    for (const auto& name : options.phases)
        passed = run(phase_named(name), *stage, options.extent) && passed;
    return passed ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 3 && std::string(argv[1]) == relay_argument)
        return play_relay(argv[2]);
    ::signal(SIGPIPE, SIG_IGN);
    try {
        return run_all(parse(argc, argv));
    } catch (const std::exception& error) {
        std::cerr << "netatop-stress: " << error.what() << std::endl;
        return 2;
    }
}
