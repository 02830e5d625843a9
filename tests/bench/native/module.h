// SPDX-License-Identifier: GPL-2.0-only
// The module that is switched, loaded and unloaded, and put back as it was.
#pragma once

#include "result.h"

#include <map>
#include <string>

namespace netatop::native {

enum class State { unloaded, disabled, enabled };

class Module {
public:
    // How it is now. Refused when it is not there, or somebody uses it: what they show would be
    // wrong, or they keep it from being unloaded. With `reload`, also when the one that modprobe
    // would load is not the one that is loaded.
    static Result<Module> find(bool reload);

    Module(Module&& other) noexcept;
    Module& operator=(Module&&) = delete;
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;
    ~Module(); // restores

    Status set(State state);

    // As it was when it was found, with the parameters that it had.
    Status restore();

    [[nodiscard]] bool was_loaded() const { return before_ != State::unloaded; }

private:
    Module() = default;

    [[nodiscard]] Status load() const;
    [[nodiscard]] Status put_back();

    State before_ = State::unloaded;
    std::map<std::string, std::string> parameters_; // that it had
    bool pending_ = false;                          // it may not be as it was
};

} // namespace netatop::native
