// SPDX-License-Identifier: GPL-2.0-only
#include "feed.h"

#include <algorithm>

namespace netatop {

bool is_class(const Line& line) {
    return std::all_of(line.who.begin(), line.who.end(), [](const Cell& cell) {
        return std::holds_alternative<std::monostate>(cell);
    });
}

Feed::Feed(FeedSource source)
    : source_(std::move(source)), notes_(std::make_unique<std::ostringstream>()),
      namespaces_(source_.proc) {}

// Cgroups keep what ended, which processes do not.
Feed::Of Feed::source_of(Kind kind) const {
    switch (kind) {
    case Kind::threads:
        return Of::threads;
    case Kind::units:
    case Kind::unit_trees:
    case Kind::containers:
        return source_.all ? Of::cgroups : Of::processes;
    case Kind::connections:
    case Kind::remotes:
        return Of::connections;
    default:
        return Of::processes;
    }
}

Status Feed::start(Of of) {
    stop();
    if (of == Of::connections) {
        auto sampler = ConnectionSampler::start(std::nullopt, true, *notes_, source_.connect);
        if (!sampler)
            return sampler.error();
        sockets_.emplace(*std::move(sampler));
        sockets_->tell_idle();
    } else {
        auto started = of == Of::cgroups ? start_cgroups() : Status(Done{});
        if (started)
            started = start_tasks(of == Of::threads);
        if (!started)
            return started;
    }
    of_ = of;
    return Done{};
}

Status Feed::start_tasks(bool threads) {
    SampleOptions options;
    options.threads = threads;
    options.rates = options.idle = true;
    auto sampler = Sampler::start(options, *notes_, source_.connect);
    if (!sampler)
        return sampler.error();
    tasks_.emplace(*std::move(sampler));
    return Done{};
}

Status Feed::start_cgroups() {
    auto sampler = CgroupSampler::start(true, *notes_, source_.connect);
    if (!sampler)
        return sampler.error();
    cgroups_.emplace(*std::move(sampler));
    auto client = Client::open(source_.connect);
    if (!client)
        return client.error();
    totals_.emplace(*std::move(client));
    return Done{};
}

void Feed::stop() {
    of_ = Of::nothing;
    tasks_.reset();
    cgroups_.reset();
    totals_.reset();
    sockets_.reset();
    entries_.clear();
    sums_.clear();
    connections_.clear();
    classes_.clear();
    devices_.clear();
    taken_.reset();
}

// What the sampler tells.
Status Feed::dump() {
    if (of_ == Of::connections) {
        auto connections = sockets_->take();
        if (!connections)
            return connections.error();
        connections_ = *std::move(connections);
        return Done{};
    }
    if (of_ == Of::cgroups) {
        auto sums = cgroups_->take();
        if (!sums)
            return sums.error();
        sums_ = *std::move(sums);
    }
    auto entries = tasks_->take();
    if (!entries)
        return entries.error();
    entries_ = *std::move(entries);
    return Done{};
}

// What is in no line. All cgroups, and beside them what is in none, are all that was counted.
Result<std::vector<Class>> Feed::present_classes() {
    if (of_ != Of::cgroups)
        return classes(source_.classes);
    const auto total = totals_->total();
    if (!total)
        return total.error();
    Counters waiting;
    for (const auto& sum : sums_)
        if (!sum.ended)
            waiting += sum.cgroup.waiting;
    std::vector<Class> all{{"cgroups", total->all},       {"waiting", waiting},
                           {"kernel", total->kernel},     {"nosocket", total->nosocket},
                           {"overflow", total->overflow}, {"nocgroup", total->nocgroup}};
    for (std::size_t i = 1; i < all.size(); ++i)
        all[0].counters = rest(all[0].counters, all[i].counters);
    return all;
}

// Those whose interfaces carried it.
void Feed::meet() {
    for (const auto& entry : entries_)
        if (!entry.task.end && entry.task.counters.any())
            namespaces_.meet(entry.task.tgid);
    for (const auto& connection : connections_)
        if (connection.socket.tgid)
            namespaces_.meet(*connection.socket.tgid);
    namespaces_.forget_beyond(entries_.size() + connections_.size());
}

// What stands beside it, as close to it as can be.
Status Feed::count() {
    auto present = present_classes();
    if (!present)
        return present.error();
    classes_before_ = std::exchange(classes_, *std::move(present));
    devices_before_ = std::exchange(devices_, namespaces_.devices(source_.devices));
    const auto now = std::chrono::steady_clock::now();
    using std::chrono::milliseconds;
    interval_ms_ = taken_ ? std::max<std::int64_t>(
                                std::chrono::duration_cast<milliseconds>(now - *taken_).count(), 1)
                          : 0;
    taken_ = now;
    return Done{};
}

Result<Sample> Feed::take(Kind kind) {
    Status done = Done{};
    if (of_ != source_of(kind))
        done = start(source_of(kind));
    if (done)
        done = dump();
    if (done) {
        meet();
        done = count();
    }
    if (done)
        return sample(kind);
    stop();
    return done.error();
}

Result<Sample> Feed::show(Kind kind) {
    if (of_ != source_of(kind) || !taken_)
        return take(kind);
    return sample(kind);
}

// In a sample the classes are lines, so that all lines add up to what the module counted. What
// processes had that ended in the interval is in their own lines, and not in that of `exited`.
void Feed::add_classes(Kind kind, std::vector<Line>& lines) const {
    Counters ended;
    for (const auto& entry : entries_)
        if (entry.task.end)
            ended += entry.task.counters;
    for (std::size_t i = 1; i < classes_.size(); ++i) { // but for the first: living processes
        const auto& [name, counters] = classes_[i];
        const bool exited = name == "exited";
        Line line;
        line.who.resize(columns_of(kind).size());
        line.name = line.shown = "(" + name + ")";
        line.total = exited ? rest(counters, ended) : counters;
        if (!exited && i < classes_before_.size())
            line.counters = rest(counters, classes_before_[i].counters);
        if (line.total.any())
            lines.push_back(std::move(line));
    }
}

std::vector<Line> Feed::lines(Kind kind) {
    if (kind == Kind::connections)
        return connection_lines(connections_, identities_);
    if (kind == Kind::remotes)
        return remote_lines(connections_);
    if (of_ != Of::cgroups)
        return lines_of(kind, entries_, identities_);
    const bool tree = kind == Kind::unit_trees;
    auto lines = group_lines(tree ? Kind::units : kind, sums_, entries_, identities_, true);
    return tree ? unit_tree_lines(std::move(lines)) : lines;
}

Sample Feed::sample(Kind kind) {
    Sample sample;
    sample.lines = lines(kind);
    if (of_ == Of::processes || of_ == Of::cgroups)
        add_classes(kind, sample.lines);
    Counters before;
    for (const auto& entry : classes_)
        sample.total += entry.counters;
    for (const auto& entry : classes_before_)
        before += entry.counters;
    sample.interval_ms = interval_ms_;
    sample.at_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(taken_->time_since_epoch()).count();
    if (interval_ms_ != 0) {
        sample.moved = rest(sample.total, before);
        if (devices_.count(0) != 0 && devices_before_.count(0) != 0) {
            sample.devices = carried_between(devices_before_, devices_);
            sample.loopback = carried_between(devices_before_, devices_, "lo");
        }
    }
    sample.note = notes_->str();
    notes_->str({});
    return sample;
}

} // namespace netatop
