// SPDX-License-Identifier: GPL-2.0-only
// A value or the reason why there is none.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

namespace netatop {

// Why a program ends: the number is its exit status.
enum class Cause : int {
    system = 1,     // a system call failed that should not
    usage = 2,      // wrong options
    running = 3,    // another daemon runs
    privilege = 4,  // CAP_NET_ADMIN is missing
    log = 5,        // the log cannot be used
    semaphores = 6, // the semaphore set cannot be used
    no_daemon = 7,  // no daemon runs (netatop-log)
    module = 8,     // the module is not loaded
    version = 9,    // the loaded module is not one for this program
    overrun = 10,   // the kernel had more to tell than was read in time
};

struct Error {
    std::string text;
    Cause cause = Cause::system;
    int code = 0; // errno where a system call failed
};

// An error that appends the words for `code` to `what`.
inline Error system_error(const std::string& what, int code = errno, Cause cause = Cause::system) {
    return {what + ": " + std::generic_category().message(code), cause, code};
}

template <typename T>
class [[nodiscard]] Result {
public:
    // Both conversions are wanted: a function returns its value or an Error.
    Result(T value) : state_(std::move(value)) {}     // NOLINT(google-explicit-constructor)
    Result(Error error) : state_(std::move(error)) {} // NOLINT(google-explicit-constructor)

    explicit operator bool() const { return std::holds_alternative<T>(state_); }
    T& operator*() & { return std::get<T>(state_); }
    const T& operator*() const& { return std::get<T>(state_); }
    T&& operator*() && { return std::get<T>(std::move(state_)); }
    T* operator->() { return &std::get<T>(state_); }
    const T* operator->() const { return &std::get<T>(state_); }
    [[nodiscard]] const Error& error() const { return std::get<Error>(state_); }

private:
    std::variant<T, Error> state_;
};

struct Done {};
using Status = Result<Done>;

} // namespace netatop
