// SPDX-License-Identifier: GPL-2.0-only
// Looks at what the module counts, and keeps the ledger. A module that is loaded again, or not yet
// there, is nothing special: the next look finds it.
#pragma once

#include "export.h"
#include "ledger.h"
#include "rising.h"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace netatop {

class Collector {
public:
    Collector(AccountSource source, const LedgerLimits& limits);

    // Takes what was carried since the look before. The first one tells nothing but that.
    Status look();
    // What there is to tell, after a look.
    Account account();

    // Ends of processes and cgroups, which the kernel keeps only so many of: readable when there
    // are any. -1 where there is nothing to listen to.
    [[nodiscard]] std::array<int, 2> fds() const;
    // Takes them. True when so many have come that a look is due.
    bool hear();

    [[nodiscard]] std::uint64_t failed_looks() const { return failed_looks_; }
    [[nodiscard]] std::uint64_t overruns() const;

    // What there was to say since the last time.
    std::string notes();

private:
    // What the module is asked by.
    struct Sources {
        Client client;
        Sampler tasks;
        CgroupSampler cgroups;
    };
    struct Class {
        Counters Total::*counters;
        RisingCounters rising{};
    };

    Status open();
    Status take();
    void count_classes(const Total& total);
    void count_lost(const Total& total);

    AccountSource source_;
    Ledger ledger_;
    Identities identities_;
    std::ostringstream notes_;
    std::optional<Sources> sources_;
    std::optional<std::uint64_t> loaded_; // when the module was that was looked at last
    bool absent_ = false;                 // there was none when the exporter began
    std::array<Class, 4> classes_;
    Total total_;      // as of the last look
    Total classified_; // of which only the classes are used, as they are told
    Counters exited_;  // what processes had carried that had ended before the first look
    Counters lost_;    // of those whose end was not heard, as far as it is told
    std::uint64_t failed_looks_ = 0;
    std::uint64_t old_overruns_ = 0; // of sources that are closed
    std::int64_t took_ms_ = 0;
};

} // namespace netatop
