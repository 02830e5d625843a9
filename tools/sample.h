// SPDX-License-Identifier: GPL-2.0-only
// What processes or threads have carried: since the module was loaded, or between one sample and
// the next, those that ended meanwhile included.
#pragma once

#include "client.h"

#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <tuple>
#include <vector>

namespace netatop {

struct Entry {
    Task task;
    Counters moved;
};

struct SampleOptions {
    bool threads = false;
    bool rates = false;                // what was carried since the sample before
    bool idle = false;                 // of rates: those that carried nothing meanwhile too
    std::optional<std::uint32_t> tgid; // of this process alone
};

class Sampler {
public:
    // What cannot be seen is said in `notes`.
    static Result<Sampler> start(const SampleOptions& options, std::ostream& notes,
                                 const Connect& connect = connect_generic);

    // The first one of rates is what the second is compared with, and tells nothing itself, or,
    // with those that are idle, that all are.
    Result<std::vector<Entry>> take();

    // Lets the first sample of rates tell all that was carried since the module was loaded.
    void from_load() { before_.emplace(); }

    // Takes what the kernel has to say of ends out of its hands, where there is room for some ten
    // thousand: for who samples rates rarely. fd() is readable when there is any; -1 without rates.
    Status hear();
    [[nodiscard]] int fd() const { return exits_ ? exits_->fd() : -1; }
    [[nodiscard]] std::size_t heard() const { return heard_.size(); }
    // How often there was more to hear than was read.
    [[nodiscard]] std::uint64_t overruns() const { return overruns_; }
    // Of processes that ended since the first sample: what was told of them, and what those carried
    // before it. The rest of Total::exited was lost in overruns.
    [[nodiscard]] Counters told_of_ended() const;

private:
    // Number of the process and of the thread, and when it started.
    using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>;
    using Tasks = std::map<Key, Task>;

    Sampler(const SampleOptions& options, std::ostream& notes, Client client)
        : options_(options), notes_(&notes), client_(std::move(client)) {}

    static Key key_of(const Task& task);
    [[nodiscard]] Result<Tasks> dump() const;
    [[nodiscard]] Counters known_of(const Key& key) const;
    void miss(Tasks& present);

    SampleOptions options_;
    std::ostream* notes_;
    Client client_;
    std::optional<Ends> exits_;
    Tasks heard_; // that ended since the last sample
    std::optional<Tasks> before_;
    Tasks missed_;     // that were there before, and of whose end was nothing heard yet
    Counters ended_;   // all that those had carried that were heard to end
    Counters dropped_; // all that was known of those that were not
    std::uint64_t overruns_ = 0;
};

} // namespace netatop
