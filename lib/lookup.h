// SPDX-License-Identifier: GPL-2.0-only
// Answers that may take long to get, from threads of their own: who asks never waits.
#pragma once

#include "result.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace netatop {

class Lookup {
public:
    // Runs in the threads, one question at a time in each; it may still run when the program ends,
    // and uses nothing that is gone then.
    using Find = std::function<std::string(const std::string& question)>;

    // Knows at most so many answers; when there are more, it forgets all that it knows.
    static Result<Lookup> make(Find find, std::size_t most, unsigned threads = 1);
    Lookup(Lookup&&) = default;
    Lookup& operator=(Lookup&&) = delete;
    Lookup(const Lookup&) = delete;
    Lookup& operator=(const Lookup&) = delete;
    // Does not wait for what is under way.
    ~Lookup();

    // None when it is not known yet; then it is asked for.
    std::optional<std::string> get(const std::string& question);

    // Can be read when there are new answers, until settle().
    [[nodiscard]] int fd() const;
    void settle() const;

private:
    struct State;
    explicit Lookup(std::shared_ptr<State> state) : state_(std::move(state)) {}
    static void work(const std::shared_ptr<State>& state);
    void start();

    std::shared_ptr<State> state_; // the threads' too
};

} // namespace netatop
