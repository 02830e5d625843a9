// SPDX-License-Identifier: GPL-2.0-only
#include "messages.h"

namespace netatop {

namespace {

constexpr std::chrono::minutes interval{1};

} // namespace

Messages::Messages(std::ostream& out, bool to_journal, Now now)
    : out_(out), to_journal_(to_journal), now_(now) {}

void Messages::say(Level level, const std::string& text) {
    const std::lock_guard lock(mutex_);
    write(level, text);
}

void Messages::problem(Topic topic, Level level, const std::string& text) {
    const std::lock_guard lock(mutex_);
    State& state = states_[topic];
    if (text == state.problem)
        return;
    const auto now = now_();
    const auto [entry, first] = state.said.try_emplace(text, now);
    if (!first && now < entry->second + interval)
        return;
    entry->second = now;
    state.problem = text;
    write(level, text);
}

bool Messages::solved(Topic topic, Level level, const std::string& text) {
    const std::lock_guard lock(mutex_);
    State& state = states_[topic];
    if (state.problem.empty())
        return false;
    state.problem.clear();
    write(level, text);
    return true;
}

void Messages::write(Level level, const std::string& text) {
    out_.clear(); // what failed once, on a full disk for example, may succeed now
    if (to_journal_)
        out_ << '<' << static_cast<int>(level) << '>';
    else
        out_ << "netatopd: ";
    out_ << text << '\n' << std::flush;
}

} // namespace netatop
