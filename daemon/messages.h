// SPDX-License-Identifier: GPL-2.0-only
// Messages for the journal or a terminal, at most one a minute for a cause.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <ostream>
#include <string>

namespace netatop {

// What a message is about; each is limited by itself.
enum class Topic { module_absent, module_unfit, module_failed, module_found, log, semaphores };

// As the journal reads them from the beginning of a line.
enum class Level { error = 3, warning = 4, notice = 5, info = 6 };

class Messages {
public:
    using Clock = std::chrono::steady_clock;
    using Now = Clock::time_point (*)();

    // The journal gets levels, a terminal the program's name.
    Messages(std::ostream& out, bool to_journal, Now now = Clock::now);

    void say(Level level, const std::string& text);

    // Says it unless something on the same topic was said within a minute;
    // the next message tells how many were left out.
    void say_sometimes(Topic topic, Level level, const std::string& text);

private:
    struct Limit {
        Clock::time_point next;
        unsigned long left_out = 0;
    };

    void write(Level level, const std::string& text);

    std::ostream& out_;
    bool to_journal_;
    Now now_;
    std::mutex mutex_;
    std::map<Topic, Limit> limits_;
};

} // namespace netatop
