// SPDX-License-Identifier: GPL-2.0-only
// A client of the daemon for as long as this object lives: the daemon logs
// records only while it has clients.
#pragma once

#include "result.h"
#include "semaphores.h"

#include <optional>

namespace netatop {

class Registration {
public:
    // None as long as all places are taken.
    static Result<std::optional<Registration>> join(key_t key = semaphore_key);

    Registration(Registration&& other) noexcept;
    Registration& operator=(Registration&&) = delete;
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    ~Registration();

    // Makes the daemon look at its log and its clients.
    void wake_daemon() const;

    // Registers again where somebody has removed the semaphore set and a daemon made another.
    void renew();

    // The daemon that runs, 0 when none does.
    [[nodiscard]] pid_t daemon() const;

private:
    explicit Registration(Semaphores semaphores) : semaphores_(semaphores) {}

    Semaphores semaphores_;
    bool joined_ = true;
};

} // namespace netatop
