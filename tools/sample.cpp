// SPDX-License-Identifier: GPL-2.0-only
#include "sample.h"

#include <utility>

namespace netatop {

Result<Sampler> Sampler::start(const SampleOptions& options, std::ostream& notes,
                               const Connect& connect) {
    auto client = Client::open(connect);
    if (!client)
        return client.error();
    Sampler sampler(options, notes, *std::move(client));
    if (options.rates) {
        auto exits = sampler.client_.exits();
        if (exits)
            sampler.exits_.emplace(*std::move(exits));
        else
            notes << "netatop: processes that end are not shown: " << exits.error().text << '\n';
    }
    return sampler;
}

Sampler::Key Sampler::key_of(const Task& task) {
    return {task.tgid, task.pid.value_or(0), task.start};
}

Result<Sampler::Tasks> Sampler::dump() const {
    Tasks tasks;
    for (auto& task : client_.tasks({options_.threads, options_.tgid})) {
        if (!task)
            return task.error();
        const Key key = key_of(*task);
        tasks[key] = *std::move(task);
    }
    return tasks;
}

Status Sampler::hear() {
    while (exits_) {
        auto event = exits_->next();
        if (!event)
            return event.error();
        if (!*event)
            break;
        if ((*event)->of == End::Of::overrun) {
            ++overruns_;
            *notes_ << "netatop: too many processes ended at once: some of them are not shown\n";
            continue;
        }
        Task& task = (*event)->task;
        if (options_.threads || (options_.tgid && *options_.tgid != task.tgid))
            continue;
        const Key key = key_of(task);
        heard_[key] = std::move(task);
    }
    return Done{};
}

// What was told of a task already.
Counters Sampler::known_of(const Key& key) const {
    for (const auto* tasks : {&*before_, &missed_})
        if (const auto old = tasks->find(key); old != tasks->end())
            return old->second.counters;
    return {};
}

Counters Sampler::told_of_ended() const {
    Counters told = ended_;
    told += dropped_;
    for (const auto& [key, task] : missed_)
        told += task.counters;
    return told;
}

// Of those that are not there any more the end may be heard only after the next sample.
void Sampler::miss(Tasks& present) {
    for (const auto& [key, task] : std::exchange(missed_, {}))
        if (present.count(key) == 0)
            dropped_ += task.counters;
    if (!before_ || !exits_)
        return;
    for (auto& [key, task] : *before_)
        if (!task.end && present.count(key) == 0)
            missed_.emplace(key, std::move(task));
}

Result<std::vector<Entry>> Sampler::take() {
    auto present = dump();
    if (!present)
        return present.error();
    if (const auto heard = hear(); !heard)
        return heard.error();
    // An end supersedes what a dump said of the process.
    for (auto& [key, task] : std::exchange(heard_, {})) {
        ended_ += task.counters;
        (*present)[key] = std::move(task);
    }
    std::vector<Entry> entries;
    entries.reserve(present->size());
    for (const auto& [key, task] : *present) {
        Counters moved = task.counters;
        if (options_.rates) {
            if (!before_ && !options_.idle)
                break;
            if (!before_)
                moved = {};
            else
                moved -= known_of(key);
        }
        if (moved.any() || options_.idle)
            entries.push_back({task, moved});
    }
    if (options_.rates) {
        miss(*present);
        before_ = *std::move(present);
    }
    return entries;
}

} // namespace netatop
