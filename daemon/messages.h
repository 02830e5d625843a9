// SPDX-License-Identifier: GPL-2.0-only
// Messages for the journal or a terminal: one for each change of state.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <ostream>
#include <string>

namespace netatop {

// What is in order or has a problem; each is told of by itself.
enum class Topic { module, log, semaphores };

// As the journal reads them from the beginning of a line.
enum class Level { error = 3, warning = 4, notice = 5, info = 6 };

class Messages {
public:
    using Clock = std::chrono::steady_clock;
    using Now = Clock::time_point (*)();

    // The journal gets levels, a terminal the program's name.
    Messages(std::ostream& out, bool to_journal, Now now = Clock::now);

    void say(Level level, const std::string& text);

    // Says it when it is not the problem that the topic had already; of one
    // that comes and goes, at most once a minute.
    void problem(Topic topic, Level level, const std::string& text);

    // Says it, and that it did, when the last that was said on the topic is a problem.
    bool solved(Topic topic, Level level, const std::string& text);

private:
    struct State {
        std::string problem; // as said; empty when there is none
        std::map<std::string, Clock::time_point> said;
    };

    void write(Level level, const std::string& text);

    std::ostream& out_;
    bool to_journal_;
    Now now_;
    std::mutex mutex_;
    std::map<Topic, State> states_;
};

} // namespace netatop
