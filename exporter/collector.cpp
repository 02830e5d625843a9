// SPDX-License-Identifier: GPL-2.0-only
#include "collector.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace netatop {

Collector::Collector(AccountSource source, const LedgerLimits& limits)
    : source_(std::move(source)), ledger_(limits),
      classes_{{{&Total::kernel}, {&Total::nosocket}, {&Total::gone}, {&Total::overflow}}} {}

Status Collector::open() {
    auto client = Client::open(source_.connect);
    if (!client)
        return client.error();
    SampleOptions options;
    options.rates = true;
    auto tasks = Sampler::start(options, notes_, source_.connect);
    if (!tasks)
        return tasks.error();
    auto cgroups = CgroupSampler::start(true, notes_, source_.connect);
    if (!cgroups)
        return cgroups.error();
    // Without these the sums would lack what lived short.
    if (tasks->fd() < 0 || cgroups->fd() < 0)
        return Error{"nobody is told here of processes and cgroups that end: run it in the network "
                     "namespace of the host, with CAP_NET_ADMIN",
                     Cause::privilege};
    auto total = client->total();
    if (!total)
        return total.error();
    const bool another = loaded_ ? *loaded_ != total->loaded : absent_;
    if (another) {
        tasks->from_load();
        cgroups->from_load();
    }
    exited_ = another ? Counters{} : total->exited;
    lost_ = {};
    for (auto& of_class : classes_)
        if (another)
            of_class.rising.restart();
        else if (!loaded_)
            of_class.rising.begin((*total).*of_class.counters);
    loaded_ = total->loaded;
    sources_.emplace(Sources{*std::move(client), *std::move(tasks), *std::move(cgroups)});
    return Done{};
}

void Collector::count_classes(const Total& total) {
    for (auto& of_class : classes_)
        classified_.*of_class.counters = of_class.rising.rise(total.*of_class.counters);
}

// What processes carried whose end was not heard is known only of all of them together.
void Collector::count_lost(const Total& total) {
    if (sources_->tasks.overruns() == 0)
        return;
    const Counters lost = rest(rest(total.exited, exited_), sources_->tasks.told_of_ended());
    ledger_.add_nameless(rest(lost, lost_));
    for (const auto flow : all_flows)
        lost_.*flow = {std::max((lost.*flow).packets, (lost_.*flow).packets),
                       std::max((lost.*flow).bytes, (lost_.*flow).bytes)};
}

Status Collector::take() {
    const auto now = Ledger::Time::clock::now();
    // Before what ended is heard: what is in the sum of that by now has been told by then.
    auto total = sources_->client.total();
    if (!total)
        return total.error();
    if (total->loaded != *loaded_)
        return Error{"the module was loaded again", Cause::module};
    const auto entries = sources_->tasks.take();
    if (!entries)
        return entries.error();
    ledger_.add(*entries, now);
    const auto sums = sources_->cgroups.take();
    if (!sums)
        return sums.error();
    ledger_.add(*sums, identities_, now);
    count_lost(*total);
    // As they are now, beside what was told of tasks and cgroups.
    total = sources_->client.total();
    if (!total)
        return total.error();
    total_ = *total;
    count_classes(total_);
    std::vector<std::uint64_t> present;
    present.reserve(sums->size());
    for (const auto& sum : *sums)
        if (!sum.ended)
            present.push_back(sum.cgroup.id);
    std::sort(present.begin(), present.end());
    identities_.keep(present);
    return Done{};
}

Status Collector::look() {
    const auto begin = now_ms();
    Status done = Done{};
    // Of a module that was loaded again only the second try can tell.
    for (int tries = 0; tries < 2; ++tries) {
        done = sources_ ? Status(Done{}) : open();
        if (done)
            done = take();
        if (done || done.error().cause != Cause::module)
            break;
        old_overruns_ = overruns();
        sources_.reset();
    }
    if (!done) {
        absent_ = absent_ || !loaded_;
        ++failed_looks_;
    }
    took_ms_ = std::max<std::int64_t>(now_ms() - begin, 0);
    return done;
}

Account Collector::account() {
    Account account;
    account.total = total_;
    for (const auto& of_class : classes_)
        account.total.*of_class.counters = classified_.*of_class.counters;
    ledger_.tell(account, Ledger::Time::clock::now());
    describe_module(source_, account);
    account.took_ms = took_ms_;
    return account;
}

std::array<int, 2> Collector::fds() const {
    if (!sources_)
        return {-1, -1};
    return {sources_->tasks.fd(), sources_->cgroups.fd()};
}

bool Collector::hear() {
    constexpr std::size_t many = 4096;
    if (!sources_)
        return false;
    if (!sources_->tasks.hear() || !sources_->cgroups.hear())
        return true; // the look will say why
    return sources_->tasks.heard() > many || sources_->cgroups.heard() > many;
}

std::uint64_t Collector::overruns() const {
    return old_overruns_ +
           (sources_ ? sources_->tasks.overruns() + sources_->cgroups.overruns() : 0);
}

std::string Collector::notes() {
    return std::exchange(notes_, std::ostringstream()).str();
}

} // namespace netatop
