// SPDX-License-Identifier: GPL-2.0-only
#include "messages.h"

#include <utility>

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

void Messages::say_sometimes(Topic topic, Level level, const std::string& text) {
    const std::lock_guard lock(mutex_);
    const auto now = now_();
    auto [entry, first] = limits_.try_emplace(topic);
    Limit& limit = entry->second;
    if (!first && now < limit.next) {
        ++limit.left_out;
        return;
    }
    limit.next = now + interval;
    const auto left_out = std::exchange(limit.left_out, 0);
    write(level, left_out == 0
                     ? text
                     : text + " (" + std::to_string(left_out) + " messages like it left out)");
}

void Messages::write(Level level, const std::string& text) {
    if (to_journal_)
        out_ << '<' << static_cast<int>(level) << '>';
    else
        out_ << "netatopd: ";
    out_ << text << '\n' << std::flush;
}

} // namespace netatop
