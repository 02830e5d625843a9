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

private:
    // Number of the process and of the thread, and when it started.
    using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>;
    using Tasks = std::map<Key, Task>;

    Sampler(const SampleOptions& options, std::ostream& notes, Client client)
        : options_(options), notes_(&notes), client_(std::move(client)) {}

    static Key key_of(const Task& task);
    [[nodiscard]] Result<Tasks> dump() const;
    Status hear(Tasks& tasks);

    SampleOptions options_;
    std::ostream* notes_;
    Client client_;
    std::optional<Ends> exits_;
    std::optional<Tasks> before_;
};

} // namespace netatop
