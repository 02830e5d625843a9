// SPDX-License-Identifier: GPL-2.0-only
// The cast of a run: actors, each a process of its own that repeats one thing until it is told to
// stop, all at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <sys/types.h>
#include <vector>

namespace stress {

// What an actor shares with its director, in memory that outlives fork.
struct Slate {
    std::atomic<bool> stop;
    std::atomic<std::uint64_t> turns;
};

// An actor's way through a run.
class Turns {
public:
    explicit Turns(Slate& slate);

    // Counts a turn; false when it is time to stop.
    bool next();
    // A number below a limit, another one each time.
    unsigned random(unsigned limit);
    // Stops for a moment, up to so many milliseconds.
    void pause(unsigned milliseconds);

private:
    Slate& slate_;
    std::minstd_rand generator_;
};

struct Role {
    std::string name;
    std::function<void(Turns&)> play;
};

class Cast {
public:
    explicit Cast(std::vector<Role> roles);
    Cast(const Cast&) = delete;
    Cast& operator=(const Cast&) = delete;
    // Kills whoever was not stopped.
    ~Cast();

    // So far, of all actors whose name begins so.
    std::uint64_t turns(const std::string& name) const;

    // Ends the play and waits until every process of it is gone. Throws when an actor failed, had
    // not one turn, or does not end.
    void stop();

private:
    struct Actor {
        Role role;
        Slate* slate;
        pid_t pid;
    };

    void kill_all();
    static std::string judge(const Actor& actor, int status);

    std::vector<Actor> actors_;
};

} // namespace stress
