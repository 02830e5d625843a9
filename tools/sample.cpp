// SPDX-License-Identifier: GPL-2.0-only
#include "sample.h"

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

// Adds what ended since the last time. An end supersedes what a dump said of the process.
Status Sampler::hear(Tasks& tasks) {
    for (;;) {
        auto event = exits_->next();
        if (!event)
            return event.error();
        if (!*event)
            return Done{};
        if ((*event)->of == End::Of::overrun) {
            *notes_ << "netatop: too many processes ended at once: some of them are not shown\n";
            continue;
        }
        Task& task = (*event)->task;
        if (options_.threads || (options_.tgid && *options_.tgid != task.tgid))
            continue;
        const Key key = key_of(task);
        tasks[key] = std::move(task);
    }
}

Result<std::vector<Entry>> Sampler::take() {
    auto present = dump();
    if (!present)
        return present.error();
    if (exits_) {
        const auto heard = hear(*present);
        if (!heard)
            return heard.error();
    }
    std::vector<Entry> entries;
    for (const auto& [key, task] : *present) {
        Counters moved = task.counters;
        if (options_.rates) {
            if (!before_ && !options_.idle)
                break;
            if (!before_)
                moved = {};
            else if (const auto old = before_->find(key); old != before_->end())
                moved -= old->second.counters;
        }
        if (moved.any() || options_.idle)
            entries.push_back({task, moved});
    }
    if (options_.rates)
        before_ = *std::move(present);
    return entries;
}

} // namespace netatop
