// SPDX-License-Identifier: GPL-2.0-only
#include "list.h"

#include "connections.h"
#include "given.h"
#include "interrupt.h"
#include "listing.h"
#include "options.h"
#include "output.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iostream>

namespace netatop {

namespace {

constexpr const char* usage = R"(Usage: netatop list [KIND] [OPTION...]
Shows who carried what over the network: since the module was loaded or, with -d, a second
in each interval.

KIND is processes (the default), trees, threads, commands, users, units, containers, cgroups,
connections, remotes or classes.

  -d, --interval SECONDS  show what is carried in intervals of so many seconds
  -n, --count NUMBER      so many intervals; without end otherwise, 1 without -d
      --json              one JSON object a line
      --csv               comma-separated values
  -b, --bytes             all digits of numbers in the table
      --sort KEY          by bytes (the default), sent, received, packets, pid or name
      --top NUMBER        so many lines
      --pid PID           this process alone
      --user USER         of this user
      --unit PATTERN      of these units
      --container ID      of this container; the beginning of the id, or a pattern
      --command PATTERN   of this name
      --remote PATTERN    connections with these addresses
      --port NUMBER       connections with this port, here or there
      --min-bytes SIZE    at least so many bytes: 4096, 4K, 1M
      --help              print this and exit
      --version           print the version and exit
)";

// The command line as it is given, then what it means.
struct Given {
    std::vector<std::string> operands;
    std::string interval, count, sort, top, min_bytes, remote, port;
    GivenFilter filter;
    bool json = false, csv = false;
};

struct Wanted {
    Kind kind = Kind::processes;
    Format format = Format::table;
    TableStyle style;
    Filter filter;
    ConnectionFilter connections;
    Choice choice;
    int interval_ms = 0;
    std::uint64_t count = 0; // 0: without end
};

bool of_connections(Kind kind) {
    return kind == Kind::connections || kind == Kind::remotes;
}

Status take_filter(const Given& given, Wanted& wanted) {
    if (const auto taken = given.filter.take("list", wanted.filter); !taken)
        return taken.error();
    if (wanted.kind == Kind::classes && wanted.filter.any())
        return Error{"classes are of no process: they take no such filter", Cause::usage};
    if (wanted.kind == Kind::cgroups && wanted.filter.of_tasks())
        return Error{"cgroups take --unit and --container alone: they are of no one process",
                     Cause::usage};
    wanted.connections.remote = given.remote;
    if (!given.port.empty()) {
        wanted.connections.port.emplace();
        if (!take_number(given.port, *wanted.connections.port, 1, UINT16_MAX))
            return wrong("list", "the port", given.port);
    }
    if (wanted.connections.any() && !of_connections(wanted.kind))
        return Error{"--remote and --port are of connections and remotes alone", Cause::usage};
    if (!given.min_bytes.empty()) {
        const auto least = size(given.min_bytes);
        if (!least)
            return wrong("list", "the size", given.min_bytes);
        wanted.choice.min_bytes = *least;
    }
    return Done{};
}

Status take_all(const Given& given, Wanted& wanted) {
    if (given.operands.size() > 1)
        return Error{"one kind at a time; try 'netatop list --help'", Cause::usage};
    if (!given.operands.empty()) {
        const auto kind = kind_of(given.operands[0]);
        if (!kind)
            return wrong("list", "the kind", given.operands[0]);
        wanted.kind = *kind;
    }
    if (given.json && given.csv)
        return Error{"--json or --csv, not both", Cause::usage};
    wanted.format = given.json ? Format::json : given.csv ? Format::csv : Format::table;
    if (!given.sort.empty()) {
        const auto sort = sort_of(given.sort);
        if (!sort)
            return wrong("list", "the key", given.sort);
        wanted.choice.sort = *sort;
    }
    constexpr std::uint64_t many = 1'000'000'000;
    if (!take_number(given.top, wanted.choice.top, 1, many))
        return wrong("list", "the number", given.top);
    if (!take_number(given.count, wanted.count, 1, many))
        return wrong("list", "the number", given.count);
    if (!given.interval.empty()) {
        const auto milliseconds = interval(given.interval);
        if (!milliseconds)
            return wrong("list", "the interval", given.interval);
        wanted.interval_ms = *milliseconds;
    } else if (!given.count.empty()) {
        wanted.interval_ms = 1000;
    } else {
        wanted.count = 1;
    }
    return take_filter(given, wanted);
}

std::vector<Column> all_columns(Kind kind) {
    using ColumnKind = Column::Kind;
    std::vector<Column> columns{{"time", "", ColumnKind::number},
                                {"interval", "", ColumnKind::number}};
    for (auto& column : columns_of(kind))
        columns.push_back(std::move(column));
    columns.push_back({"", heading_of(kind), ColumnKind::text});
    for (const auto& counter : named_counters)
        columns.push_back({counter.name, "", ColumnKind::number});
    for (const char* head : {"SENT", "RECEIVED"})
        columns.push_back({"", head, ColumnKind::bytes});
    for (const char* head : {"SNDPKT", "RCVPKT"})
        columns.push_back({"", head, ColumnKind::packets});
    for (auto& column : more_columns_of(kind))
        columns.push_back(std::move(column));
    return columns;
}

class List {
public:
    List(const Wanted& wanted, Output& out)
        : wanted_(wanted), out_(out), writer_(wanted.format, all_columns(wanted.kind)) {}

    Status run();

private:
    [[nodiscard]] bool rates() const { return wanted_.interval_ms != 0; }
    Status start();
    Result<std::vector<Line>> take();
    Result<std::vector<Line>> take_classes();
    Result<std::vector<Line>> take_connections();
    Result<std::vector<Line>> take_tasks();
    Result<std::vector<Line>> take_cgroups();
    Status start_cgroups();
    Status start_tasks();
    Result<std::vector<Entry>> tasks();
    [[nodiscard]] std::string text_of(const std::vector<Line>& lines, bool first) const;

    const Wanted& wanted_;
    Output& out_;
    RowWriter writer_;
    Identities identities_;
    std::optional<Sampler> sampler_;
    std::optional<CgroupSampler> cgroups_;
    std::optional<ConnectionSampler> connections_;
    std::vector<Class> before_;
    std::int64_t taken_ms_ = 0;
    std::int64_t interval_ms_ = 0; // that the sample is of
};

// Units and containers are what their cgroups carried, unless a filter wants some of their
// processes alone; and unless the module does not tell of cgroups, for want of rights.
bool by_cgroup(const Wanted& wanted) {
    return (wanted.kind == Kind::units || wanted.kind == Kind::containers) &&
           !wanted.filter.of_tasks() && sees_all();
}

Status List::start() {
    if (wanted_.kind == Kind::classes)
        return Done{};
    if (wanted_.kind == Kind::cgroups)
        return start_cgroups();
    if (by_cgroup(wanted_)) {
        const auto started = start_cgroups();
        return started ? start_tasks() : started;
    }
    if (!sees_all())
        std::cerr
            << "netatop: only what is wholly yours is shown; be root, or have CAP_NET_ADMIN in "
               "the initial user namespace, to see all\n";
    if (of_connections(wanted_.kind)) {
        auto sampler = ConnectionSampler::start(wanted_.filter.pid, rates(), std::cerr);
        if (!sampler)
            return sampler.error();
        connections_.emplace(*std::move(sampler));
        return Done{};
    }
    return start_tasks();
}

Status List::start_cgroups() {
    auto sampler = CgroupSampler::start(rates(), std::cerr);
    if (!sampler)
        return sampler.error();
    cgroups_.emplace(*std::move(sampler));
    return Done{};
}

Status List::start_tasks() {
    SampleOptions options;
    options.threads = wanted_.kind == Kind::threads;
    options.rates = rates();
    options.tgid = wanted_.filter.pid;
    auto sampler = Sampler::start(options, std::cerr);
    if (!sampler)
        return sampler.error();
    sampler_.emplace(*std::move(sampler));
    return Done{};
}

Result<std::vector<Line>> List::take() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    interval_ms_ = std::max<std::int64_t>(at_ms - taken_ms_, 1);
    taken_ms_ = at_ms;
    if (of_connections(wanted_.kind))
        return take_connections();
    if (cgroups_)
        return take_cgroups();
    return wanted_.kind == Kind::classes ? take_classes() : take_tasks();
}

Result<std::vector<Line>> List::take_classes() {
    auto present = classes();
    if (!present)
        return present.error();
    auto moved = *present;
    for (std::size_t i = 0; i < before_.size(); ++i)
        moved[i].counters = rest(moved[i].counters, before_[i].counters);
    if (rates())
        before_ = *std::move(present);
    return chosen(lines_of(moved), wanted_.choice);
}

Result<std::vector<Line>> List::take_connections() {
    auto connections = connections_->take();
    if (!connections)
        return connections.error();
    const auto unwanted = [&](const Connection& connection) {
        return !wanted_.connections.takes(connection) ||
               (wanted_.filter.any() &&
                !(connection.owner && wanted_.filter.takes(*connection.owner, identities_)));
    };
    connections->erase(std::remove_if(connections->begin(), connections->end(), unwanted),
                       connections->end());
    return chosen(wanted_.kind == Kind::remotes ? remote_lines(*connections)
                                                : connection_lines(*connections, identities_),
                  wanted_.choice);
}

// Those that the filter takes.
Result<std::vector<Entry>> List::tasks() {
    auto entries = sampler_->take();
    if (!entries)
        return entries.error();
    if (wanted_.filter.any())
        entries->erase(std::remove_if(entries->begin(), entries->end(),
                                      [&](const Entry& entry) {
                                          return !wanted_.filter.takes(entry.task, identities_);
                                      }),
                       entries->end());
    return entries;
}

Result<std::vector<Line>> List::take_tasks() {
    const auto entries = tasks();
    if (!entries)
        return entries.error();
    return chosen(lines_of(wanted_.kind, *entries, identities_), wanted_.choice);
}

// The places of all are looked up while they are there, also of those that carried nothing yet.
Result<std::vector<Line>> List::take_cgroups() {
    std::vector<Entry> counted;
    if (sampler_) {
        auto entries = tasks();
        if (!entries)
            return entries.error();
        counted = *std::move(entries);
    }
    auto sums = cgroups_->take();
    if (!sums)
        return sums.error();
    sums->erase(std::remove_if(sums->begin(), sums->end(),
                               [&](const Sum& sum) {
                                   return !wanted_.filter.takes(
                                       identities_.workload(sum.cgroup.id));
                               }),
                sums->end());
    return chosen(wanted_.kind == Kind::cgroups
                      ? cgroup_lines(*sums, identities_)
                      : group_lines(wanted_.kind, *sums, counted, identities_),
                  wanted_.choice);
}

std::string List::text_of(const std::vector<Line>& lines, bool first) const {
    std::vector<Row> rows;
    rows.reserve(lines.size());
    const Milliseconds time{now_ms()};
    for (const auto& line : lines) {
        Row row{time, rates() ? Cell(Milliseconds{interval_ms_}) : Cell()};
        row.insert(row.end(), line.who.begin(), line.who.end());
        row.emplace_back(line.shown);
        for (const auto& counter : named_counters)
            row.emplace_back(counter.of(line.counters));
        const Flow sent = line.counters.sent();
        const Flow received = line.counters.received();
        for (const auto value : {sent.bytes, received.bytes, sent.packets, received.packets})
            row.emplace_back(value);
        row.insert(row.end(), line.more.begin(), line.more.end());
        rows.push_back(std::move(row));
    }
    TableStyle style = wanted_.style;
    style.interval_ms = rates() ? interval_ms_ : 0;
    const bool separated = !first && wanted_.format == Format::table;
    return (first ? writer_.begin() : "") + (separated ? "\n" : "") + writer_.rows(rows, style);
}

Status List::run() {
    if (const auto started = start(); !started)
        return started.error();
    if (rates()) { // what the first interval is compared with
        const auto taken = take();
        if (!taken)
            return taken.error();
    }
    for (std::uint64_t shown = 0; wanted_.count == 0 || shown < wanted_.count; ++shown) {
        if (rates()) {
            const auto wanted = out_.pause(wanted_.interval_ms);
            if (!wanted)
                return wanted.error();
            if (!*wanted)
                break;
        }
        const auto lines = take();
        if (!lines)
            return lines.error();
        auto written = out_.write(text_of(*lines, shown == 0));
        if (written && *written)
            written = out_.flush();
        if (!written)
            return written.error();
        if (!*written)
            break;
    }
    return Done{};
}

Status list(const Given& given, Wanted wanted) {
    if (const auto taken = take_all(given, wanted); !taken)
        return taken.error();
    const auto interrupt = Interrupt::install();
    if (!interrupt)
        return interrupt.error();
    (void)std::signal(SIGPIPE, SIG_IGN); // the write itself tells
    Output output(STDOUT_FILENO, *interrupt);
    return List(wanted, output).run();
}

} // namespace

int list_command(const std::vector<std::string>& arguments) {
    Given given;
    Wanted wanted;
    Options options("netatop", usage);
    options.operands(given.operands);
    options.value("--interval", given.interval, 'd');
    options.value("--count", given.count, 'n');
    options.flag("--json", given.json);
    options.flag("--csv", given.csv);
    options.flag("--bytes", wanted.style.exact, 'b');
    options.value("--sort", given.sort);
    options.value("--top", given.top);
    given.filter.add_to(options);
    options.value("--min-bytes", given.min_bytes);
    options.value("--remote", given.remote);
    options.value("--port", given.port);
    if (const auto status = options.parse(arguments, std::cout, std::cerr))
        return *status;
    return exit_status(list(given, wanted));
}

} // namespace netatop
