// SPDX-License-Identifier: GPL-2.0-only
#include "faults.h"

#include <fcntl.h>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/command.h"

namespace stress {

namespace {

using guest::check;
using guest::Fd;
using guest::write_file;

constexpr const char* kinds[] = {"/sys/kernel/debug/failslab/",
                                 "/sys/kernel/debug/fail_page_alloc/"};

// From where to where the code of the loaded module is.
std::pair<std::string, std::string> module_code() {
    std::istringstream modules(guest::read_file("/proc/modules"));
    for (std::string line; std::getline(modules, line);) {
        std::istringstream words(line);
        std::string name, references, users, state, address;
        std::uint64_t size = 0;
        words >> name >> size >> references >> users >> state >> address;
        if (name == "netatop")
            return {address, std::to_string(std::stoull(address, nullptr, 16) + size)};
    }
    throw std::runtime_error("the module is not loaded");
}

// Every kind of allocation, wherever it may fail without a dump of the stack.
void allow_faults() {
    for (const std::string kind : kinds) {
        write_file(kind + "verbose", "0");
        write_file(kind + "times", "-1");
        write_file(kind + "ignore-gfp-wait", "N");
    }
    write_file(std::string(kinds[1]) + "ignore-gfp-highmem", "N");
    write_file(std::string(kinds[1]) + "min-order", "0");
}

// The calling thread's own countdown to a failing allocation.
class Countdown {
public:
    Countdown()
        : file_(check(::open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC), "fail-nth")) {}

    void set(unsigned n) const {
        const auto text = std::to_string(n);
        check(::pwrite(file_.get(), text.data(), text.size(), 0), "set fail-nth");
    }
    // Has it come to its end?
    bool over() const {
        char text[16] = {};
        check(::pread(file_.get(), text, sizeof(text) - 1, 0), "read fail-nth");
        return std::stoul(text) == 0;
    }

private:
    Fd file_;
};

// What the process of a trial ends with when the operation ended before an allocation failed.
constexpr int none_failed = 42;

[[noreturn]] void try_once(const Trial& trial, unsigned n) {
    if (trial.prepare)
        trial.prepare();
    const Countdown countdown;
    countdown.set(n);
    trial.operation();
    const bool over = countdown.over();
    countdown.set(0);
    ::_exit(over ? 0 : none_failed);
}

} // namespace

bool faults_possible() {
    return ::access(kinds[0], F_OK) == 0;
}

ModuleFaults::ModuleFaults(unsigned percent) {
    allow_faults();
    const auto [start, end] = module_code();
    for (const std::string kind : kinds) {
        write_file(kind + "stacktrace-depth", "32");
        write_file(kind + "require-start", start);
        write_file(kind + "require-end", end);
        write_file(kind + "probability", std::to_string(percent));
    }
}

ModuleFaults::~ModuleFaults() {
    for (const std::string kind : kinds) {
        write_file(kind + "probability", "0");
        write_file(kind + "require-start", "0");
        write_file(kind + "require-end", "18446744073709551615");
    }
}

bool still_watched() {
    constexpr auto statistics = "/proc/lockdep_stats";
    return ::access(statistics, F_OK) != 0 ||
           std::regex_search(guest::read_file(statistics), std::regex("debug_locks: *1"));
}

unsigned fail_each(const Trial& trial) {
    allow_faults();
    for (unsigned failed = 0;; failed++) {
        const pid_t pid = check(::fork(), "fork");
        if (pid == 0)
            try_once(trial, 1 + failed * trial.stride);
        int status = 0;
        check(::waitpid(pid, &status, 0), "waitpid");
        if (trial.settle)
            trial.settle();
        if (WIFEXITED(status) && WEXITSTATUS(status) == none_failed)
            return failed;
    }
}

} // namespace stress
