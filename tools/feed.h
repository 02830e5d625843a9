// SPDX-License-Identifier: GPL-2.0-only
// Samples for the live view: lines of a kind, and what the module and the interfaces counted in the
// same interval.
#pragma once

#include "connections.h"
#include "devices.h"
#include "identity.h"
#include "listing.h"
#include "namespaces.h"
#include "sample.h"

#include <chrono>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace netatop {

// What a view shows: counters of a line are those of the interval.
struct Sample {
    std::vector<Line> lines;
    Counters moved;                 // all that the module counted in the interval
    Counters total;                 // and since it was loaded
    std::optional<Carried> devices; // of all network namespaces in use, in the interval
    Carried loopback;               // and of them lo
    std::int64_t interval_ms = 0;   // 0: there was no sample before
    std::int64_t at_ms = 0;         // its end, by a clock that nobody sets
    std::string note;               // what cannot be seen
};

// Is it a line of a class? It says of nobody who he is.
bool is_class(const Line& line);

// Where samples come from; one that is not the kernel is for tests.
struct FeedSource {
    Connect connect = connect_generic;
    std::string classes = "/proc/netatop";
    std::string devices = "/proc/self/net/dev"; // of the own network namespace
    std::string proc = "/proc";                 // where processes tell theirs
    bool all = sees_all();                      // the module tells of cgroups too
};

class Feed {
public:
    explicit Feed(FeedSource source = {});

    // A new one. After an error the next one is the first again.
    Result<Sample> take(Kind kind);
    // The last one, where it can tell of this kind; else a new one.
    Result<Sample> show(Kind kind);

private:
    enum class Of { nothing, processes, threads, cgroups, connections };

    [[nodiscard]] Of source_of(Kind kind) const;
    Status start(Of of);
    Status start_tasks(bool threads);
    Status start_cgroups();
    Status dump();
    void meet();
    Status count();
    Result<std::vector<Class>> present_classes();
    [[nodiscard]] std::vector<Line> lines(Kind kind);
    void stop();
    [[nodiscard]] Sample sample(Kind kind);
    void add_classes(Kind kind, std::vector<Line>& lines) const;

    FeedSource source_;
    Identities identities_;
    std::unique_ptr<std::ostringstream> notes_;
    Of of_ = Of::nothing;
    std::optional<Sampler> tasks_;
    std::optional<CgroupSampler> cgroups_;
    std::optional<Client> totals_; // beside them
    std::optional<ConnectionSampler> sockets_;
    // The last sample.
    std::vector<Entry> entries_;
    std::vector<Sum> sums_;
    std::vector<Connection> connections_;
    std::vector<Class> classes_;
    std::vector<Class> classes_before_;
    Namespaces namespaces_;
    DevicesByNetns devices_;
    DevicesByNetns devices_before_;
    std::optional<std::chrono::steady_clock::time_point> taken_;
    std::int64_t interval_ms_ = 0;
};

} // namespace netatop
