// SPDX-License-Identifier: GPL-2.0-only
#include "export.h"

#include "given.h"
#include "options.h"
#include "sums.h"
#include "textfile.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>

namespace netatop {

namespace {

constexpr const char* usage = R"(Usage: netatop export [OPTION...]
Prints once what engines of metrics read: who carried what since the module was loaded, by
top-level slice, by unit and container, and by class, and how the module fares. Needs
CAP_NET_ADMIN.

      --openmetrics    OpenMetrics 1.0 instead of Prometheus' text format 0.0.4
      --textfile FILE  replace FILE, for the textfile collector of node_exporter
      --max-units N    so many units and containers at most, those that carried most; 2000
      --help           print this and exit
      --version        print the version and exit
)";

struct Wanted {
    Dialect dialect = Dialect::prometheus;
    std::string file; // empty for standard output
    AccountSource source;
};

// Has no cgroup ended from the first look to the second? Then all are still there, and none has
// more of those that ended below it.
bool none_ended(const CgroupMap& before, const CgroupMap& after) {
    return std::all_of(before.begin(), before.end(), [&](const auto& known) {
        const auto found = after.find(known.first);
        return found != after.end() && found->second.ended_below == known.second.ended_below;
    });
}

// A cgroup that ends while all are looked at would be told twice, or not at all: of itself, and of
// the one above it. So of two looks from the first of which to the second nobody has ended, the
// first is taken.
Result<CgroupMap> settled_cgroups(const Client& client) {
    constexpr int tries = 5;
    auto before = all_cgroups(client);
    for (int i = 0; before && i < tries; ++i) {
        auto after = all_cgroups(client);
        if (!after || none_ended(*before, *after))
            return after ? std::move(before) : std::move(after);
        before = std::move(after);
    }
    if (!before)
        return before;
    // A number that is wrong for once would be taken for a counter that began again.
    return Error{"cgroups end faster than they are read: try again"};
}

std::string line_of(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::optional<std::uint64_t> number_of(const std::string& path) {
    const auto value = number(line_of(path));
    return value ? std::optional<std::uint64_t>(*value) : std::nullopt;
}

Result<Wanted> wanted_of(const std::vector<std::string>& arguments, std::optional<int>& status) {
    Wanted wanted;
    bool openmetrics = false;
    std::string most_units;
    Options options("netatop", usage);
    options.flag("--openmetrics", openmetrics);
    options.value("--textfile", wanted.file);
    options.value("--max-units", most_units);
    status = options.parse(arguments, std::cout, std::cerr);
    if (status)
        return wanted;
    constexpr std::uint64_t most = 1'000'000;
    if (!take_number(most_units, wanted.source.most_units, 0, most))
        return wrong("export", "the number of units", most_units);
    if (openmetrics && !wanted.file.empty())
        return Error{"node_exporter reads the text format alone: leave out --openmetrics or "
                     "--textfile",
                     Cause::usage};
    wanted.dialect = openmetrics ? Dialect::openmetrics : Dialect::prometheus;
    return wanted;
}

Status say(const std::string& text) {
    std::cout << text << std::flush;
    if (!std::cout)
        return Error{"the output cannot be written"};
    return Done{};
}

// A look that fails once leaves no hole; counters that stand still for longer would say that
// nothing is carried.
void drop_stale(const std::string& file) {
    constexpr std::chrono::minutes bearable{5};
    if (!file.empty() && remove_stale(file, bearable))
        std::cerr << "netatop: " << file << " was not replaced for 5 minutes: removed\n";
}

} // namespace

void describe_module(const AccountSource& source, Account& account) {
    const std::string parameters = source.module + "/parameters/";
    account.most_sockets = number_of(parameters + "max_sockets");
    account.most_tasks = number_of(parameters + "max_tasks");
    account.most_cgroups = number_of(parameters + "max_cgroups");
    account.module_version = line_of(source.module + "/version");
    account.loaded_ms = Identities::epoch_ms(account.total.loaded);
}

Result<Account> gather(const AccountSource& source, Identities& identities) {
    const auto begin = now_ms();
    auto client = Client::open(source.connect);
    if (!client)
        return client.error();
    const auto cgroups = settled_cgroups(*client);
    if (!cgroups)
        return cgroups.error();
    auto total = client->total();
    if (!total)
        return total.error();
    Account account;
    account.shares = shares_of(*cgroups, identities, source.most_units);
    account.total = *total;
    describe_module(source, account);
    account.took_ms = std::max<std::int64_t>(now_ms() - begin, 0);
    return account;
}

int export_command(const std::vector<std::string>& arguments) {
    std::optional<int> status;
    const auto wanted = wanted_of(arguments, status);
    if (status)
        return *status;
    if (!wanted)
        return exit_status(wanted.error());
    Identities identities;
    const auto account = gather(wanted->source, identities);
    if (!account) {
        drop_stale(wanted->file);
        return exit_status(account.error());
    }
    const auto text = exposition_of(*account, wanted->dialect);
    return exit_status(wanted->file.empty() ? say(text) : replace_file(wanted->file, text));
}

} // namespace netatop
