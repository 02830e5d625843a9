// SPDX-License-Identifier: GPL-2.0-only
#include "module.h"

#include "program.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>
#include <thread>
#include <utility>

namespace netatop::native {

namespace {

namespace fs = std::filesystem;

constexpr const char* place = "/sys/module/netatop";
constexpr const char* parameter_place = "/sys/module/netatop/parameters/";
constexpr const char* switch_file = "/sys/module/netatop/parameters/enabled";
constexpr const char* references_file = "/sys/module/netatop/refcnt";
constexpr const char* version_file = "/sys/module/netatop/srcversion";

bool loaded() {
    return ::access(place, F_OK) == 0;
}

State state_now() {
    if (!loaded())
        return State::unloaded;
    return first_line(switch_file) == "Y" ? State::enabled : State::disabled;
}

bool can_be_set(const fs::directory_entry& file) {
    std::error_code error;
    const auto status = file.status(error);
    return !error && (status.permissions() & fs::perms::owner_write) != fs::perms::none;
}

// Those that can be set; to read one of the others may be work for the module.
std::map<std::string, std::string> parameters_now() {
    std::map<std::string, std::string> all;
    std::error_code error;
    fs::directory_iterator at(parameter_place, error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
        if (can_be_set(*at))
            all.emplace(at->path().filename().string(), first_line(at->path().string()));
    }
    return all;
}

// The name of a running program whose figures would be wrong meanwhile; empty when there is none.
std::string user_of_module() {
    std::error_code error;
    fs::directory_iterator at("/proc", error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
        const std::string name = first_line(at->path().string() + "/comm");
        if (name == "netatopd" || name == "netatop" || name == "atop")
            return name + " (process " + at->path().filename().string() + ")";
    }
    return "";
}

Status refuse_users() {
    if (const std::string user = user_of_module(); !user.empty())
        return Error{user + " runs, and would see counters vanish: stop it first", Cause::running};
    const std::string references = first_line(references_file);
    if (loaded() && references != "0")
        return Error{"something holds the module (" + std::string(references_file) + " is " +
                         references + "): end that first",
                     Cause::running};
    return Done{};
}

// Is what modprobe finds the module that is loaded?
Status check_installed() {
    const auto installed = output_of({"modinfo", "-F", "srcversion", "netatop"});
    if (!installed)
        return Error{loaded() ? "modprobe does not find the module, which would be missing after "
                                "unloading: install it, or compare with --way enabled alone"
                              : "there is no module netatop: install it, or load it first",
                     Cause::module};
    const std::string present = first_line(version_file);
    if (loaded() && !present.empty() && present != *installed)
        return Error{"the module that is loaded is not the one that modprobe would load: reload "
                     "it, or compare with --way enabled alone",
                     Cause::module};
    return Done{};
}

Status write_switch(bool on) {
    std::ofstream file(switch_file);
    file << (on ? "Y" : "N") << std::flush;
    if (!file)
        return Error{"cannot switch the module " + std::string(on ? "on" : "off") + " by " +
                         switch_file,
                     Cause::module};
    return Done{};
}

// Somebody may just read from it.
Status unload() {
    for (int tries = 20; ::syscall(SYS_delete_module, "netatop", O_NONBLOCK) != 0; --tries) {
        if (tries == 0 || (errno != EAGAIN && errno != EBUSY))
            return system_error("cannot unload the module", errno, Cause::running);
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return Done{};
}

} // namespace

Result<Module> Module::find(bool reload) {
    Module module;
    module.before_ = state_now();
    if (reload || !module.was_loaded())
        if (auto done = check_installed(); !done)
            return done.error();
    if (auto done = refuse_users(); !done)
        return done.error();
    if (module.was_loaded())
        module.parameters_ = parameters_now();
    module.pending_ = true;
    return module;
}

Module::Module(Module&& other) noexcept
    : before_(other.before_), parameters_(std::move(other.parameters_)),
      pending_(std::exchange(other.pending_, false)) {}

Module::~Module() {
    if (auto done = restore(); !done)
        std::cerr << "netatop-bench-native: " << done.error().text << '\n';
}

Status Module::load() const {
    std::vector<std::string> words{"modprobe", "netatop"};
    for (const auto& [name, value] : parameters_)
        if (name != "enabled")
            words.push_back(std::string(name).append("=").append(value));
    if (const auto done = run(words); !done)
        return Error{"cannot load the module: " + done.error().text, Cause::module};
    return Done{};
}

Status Module::set(State state) {
    if (state == State::unloaded)
        return loaded() ? unload() : Status(Done{});
    if (!loaded())
        if (auto done = load(); !done)
            return done;
    return state_now() == state ? Status(Done{}) : write_switch(state == State::enabled);
}

Status Module::put_back() {
    if (auto done = set(before_); !done)
        return done;
    if (state_now() != before_)
        return Error{"it is in another state", Cause::module};
    return Done{};
}

Status Module::restore() {
    if (!std::exchange(pending_, false))
        return Done{};
    auto done = put_back();
    if (!done)
        return Error{"the module is not as it was: " + done.error().text, done.error().cause};
    return done;
}

} // namespace netatop::native
