// SPDX-License-Identifier: GPL-2.0-only
#include "lib/ledger.h"

#include <cstdlib>
#include <filesystem>

#include "lib/compare.h"

namespace guest {

namespace {

// In a scenario whose traffic flows already, readings never agree.
constexpr int quiet_attempts = 10;

Counters in_classes(const module::Status& status) {
    Counters sum;
    for (const auto& label : module::classes)
        sum = sum + status.counters(label);
    return sum;
}

} // namespace

Ledger::Ledger(std::vector<std::function<Traffic()>> sources) : sources_(std::move(sources)) {
    for (int attempt = 0; attempt < quiet_attempts && !begin(); ++attempt)
        continue;
    before_ = before_ + in_classes(status_before_);
    carried_before_ = {};
    carried_before_ = carried();
}

Ledger::Ledger(const Side& a, const Side& b)
    : Ledger({[&a] { return a.carried(); }, [&b] { return b.carried(); }}) {}

// What a walk gives to a process, or a process leaves as a record, between the readings would be
// missing in both. False: something moved.
bool Ledger::begin() {
    reader_.drain();
    before_ = tasks();
    status_before_ = module::Status::read();
    const bool left = !reader_.drain().empty();
    return !left && tasks() == before_ &&
           in_classes(module::Status::read()) == in_classes(status_before_);
}

Counters Ledger::tasks() const {
    Counters sum;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const int pid = std::atoi(entry.path().filename().c_str());
        if (pid > 0)
            sum = sum + ctl_.process_counters(pid);
    }
    return sum;
}

Traffic Ledger::carried() const {
    Traffic sum;
    for (const auto& source : sources_)
        sum = sum + source();
    return sum - carried_before_;
}

Counters Ledger::credited() {
    for (const auto& record : reader_.drain())
        exited_ = exited_ + counters_of(record);
    const auto live = tasks();
    return live + exited_ + in_classes(module::Status::read()) - before_;
}

void Ledger::compare(const std::string& what) {
    compare_settled(
        what, [&] { return carried(); }, [&] { return credited().both(); });
    compare_settled(
        what + ", the module's total", [&] { return carried(); },
        [&] { return (module::counters("total") - status_before_.counters("total")).both(); });
}

Counters Ledger::in_class(const std::string& label) const {
    return module::counters(label) - status_before_.counters(label);
}

} // namespace guest
