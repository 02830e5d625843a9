// SPDX-License-Identifier: GPL-2.0-only
#include "balance.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "lib/cgroups.h"
#include "lib/ctl.h"
#include "lib/module.h"
#include "lib/wait.h"

namespace stress {

namespace {

using guest::Counters;

struct Books {
    Counters total;
    Counters credited;
    guest::CgroupBooks cgroups;
    std::ostringstream entries;

    bool balanced() const { return total == credited && cgroups.balanced(); }

    void enter(const std::string& what, const Counters& counters) {
        credited = credited + counters;
        entries << "  " << what << ": " << counters << "\n";
    }
};

Books read_books() {
    Books books;
    const guest::Ctl ctl;
    ctl.force_gc();
    Counters live;
    for (const auto& process : std::filesystem::directory_iterator("/proc")) {
        const int pid = std::atoi(process.path().filename().c_str());
        if (pid > 0)
            live = live + ctl.process_counters(pid);
    }
    books.enter("live", live);
    const auto status = guest::module::Status::read();
    books.total = status.counters("total");
    books.enter("exited", status.counters("exited"));
    for (const auto& label : guest::module::classes)
        books.enter(label, status.counters(label));
    books.cgroups = guest::read_cgroup_books();
    return books;
}

} // namespace

void expect_balance() {
    Books books;
    std::string said;
    // Connections without a process still end for a while.
    const bool balanced = guest::eventually([&] {
        books = read_books();
        said = guest::module::audit();
        return guest::module::audit_is_wrong(said) || (books.balanced() && said == "ok");
    });
    if (balanced && said == "ok")
        return;
    std::ostringstream report;
    report << "the module's audit says: " << said << "\n";
    report << "counted and credited:\n"
           << "  total: " << books.total << "\n"
           << books.entries.str() << "  missing: " << (books.total - books.credited) << "\n"
           << "  cgroups and classes: " << books.cgroups.credited << " of " << books.cgroups.counted
           << "\n";
    throw std::runtime_error(report.str());
}

} // namespace stress
