// SPDX-License-Identifier: GPL-2.0-only
#include "watch.h"

#include "given.h"
#include "interrupt.h"
#include "options.h"

#include <unistd.h>

#include <climits>
#include <csignal>
#include <iostream>
#include <sstream>

namespace netatop {

namespace {

constexpr const char* usage = R"(Usage: netatop watch [OPTION...]
Shows each process and each cgroup that ends, and each connection that closes, with what it carried
over the network, as it happens: until interrupted. --pid, --user and --command leave out cgroups.

  -n, --count NUMBER      end after so many
      --json              one JSON object a line
  -b, --bytes             all digits of numbers in the table
      --events KINDS      of these kinds alone, with commas between: exit, close, cgroup
      --buffer SIZE       memory for what is not read yet: 64K, 8M (the default), 1G
      --pid PID           this process alone
      --user USER         of this user
      --unit PATTERN      of these units
      --container ID      of this container; the beginning of the id, or a pattern
      --command PATTERN   of this name
      --help              print this and exit
      --version           print the version and exit
)";

struct Given {
    GivenFilter filter;
    std::string count, buffer, events;
};

class Watch {
public:
    Watch(Ends& ends, Output& output, const WatchOptions& options, Identities& identities)
        : ends_(ends), output_(output), options_(options), identities_(identities) {}

    // False when nobody wants more.
    Result<bool> begin() {
        auto written = output_.write(event_head(options_.style));
        return written && *written ? output_.flush() : written;
    }
    // All events that there are.
    Result<bool> show_present() {
        for (;;) {
            const auto event = ends_.next();
            if (!event) { // what came before it is shown
                (void)output_.flush();
                return event.error();
            }
            if (!*event)
                return output_.flush();
            if (!takes(**event))
                continue;
            auto written =
                output_.write(event_line(**event, options_.style, identities_, now_ms()));
            if (!written || !*written)
                return written;
            if (++shown_ == options_.count) {
                const auto flushed = output_.flush();
                return flushed ? Result<bool>(false) : flushed;
            }
        }
    }

private:
    // What was lost is told whatever the filter. One who is not told of has a cgroup all the same,
    // whose path is not to be found any more when that ends.
    bool takes(const End& end) {
        if (end.of == End::Of::task || end.of == End::Of::socket) {
            const Task& task = end.of == End::Of::task ? end.task : end.closed.owner;
            (void)identities_.workload(task);
            return options_.filter.takes(task, identities_);
        }
        return end.of == End::Of::overrun ||
               (!options_.filter.of_tasks() &&
                options_.filter.takes(identities_.workload(end.cgroup.id)));
    }

    Ends& ends_;
    Output& output_;
    const WatchOptions& options_;
    Identities& identities_;
    std::uint64_t shown_ = 0;
};

// Which kinds of events are meant; empty when that is not known.
std::vector<End::Of> kinds_in(const std::string& text) {
    if (text.empty())
        return {End::Of::task, End::Of::cgroup, End::Of::socket};
    std::vector<End::Of> kinds;
    std::istringstream names(text + ',');
    for (std::string name; std::getline(names, name, ',');) {
        if (name == "exit")
            kinds.push_back(End::Of::task);
        else if (name == "close")
            kinds.push_back(End::Of::socket);
        else if (name == "cgroup")
            kinds.push_back(End::Of::cgroup);
        else
            return {};
    }
    return kinds;
}

Status take(const Given& given, WatchOptions& options, int& buffer) {
    constexpr std::uint64_t many = 1'000'000'000;
    if (!take_number(given.count, options.count, 1, many))
        return wrong("watch", "the number", given.count);
    if (!given.buffer.empty()) {
        const auto bytes = size(given.buffer);
        if (!bytes || *bytes == 0 || *bytes > INT_MAX / 2) // of which the kernel takes twice
            return wrong("watch", "the size", given.buffer);
        buffer = static_cast<int>(*bytes);
    }
    options.kinds = kinds_in(given.events);
    if (options.kinds.empty())
        return wrong("watch", "the list of events", given.events);
    return given.filter.take("watch", options.filter);
}

// Of the cgroups that are there: of one that has ended nobody knows it.
Status learn_paths(const Client& client, Identities& identities) {
    for (const auto& cgroup : client.cgroups()) {
        if (!cgroup)
            return cgroup.error();
        (void)identities.path(cgroup->id);
    }
    return Done{};
}

Status run(const Given& given, WatchOptions options) {
    int buffer = ends_buffer;
    if (const auto taken = take(given, options, buffer); !taken)
        return taken.error();
    const auto interrupt = Interrupt::install();
    if (!interrupt)
        return interrupt.error();
    (void)std::signal(SIGPIPE, SIG_IGN); // the write itself tells
    const auto client = Client::open();
    if (!client)
        return client.error();
    auto ends = client->ends(options.kinds, buffer);
    if (!ends)
        return ends.error();
    Output output(STDOUT_FILENO, *interrupt);
    Identities identities;
    if (const auto learned = learn_paths(*client, identities); !learned)
        return learned.error();
    return watch(*ends, output, options, identities);
}

} // namespace

Status watch(Ends& ends, Output& output, const WatchOptions& options, Identities& identities) {
    Watch watch(ends, output, options, identities);
    auto wanted = watch.begin();
    while (wanted && *wanted) {
        wanted = watch.show_present();
        if (wanted && *wanted)
            wanted = output.wait_for(ends.fd());
    }
    return wanted ? Status(Done{}) : Status(wanted.error());
}

int watch_command(const std::vector<std::string>& arguments) {
    Given given;
    WatchOptions wanted;
    Options options("netatop", usage);
    options.value("--count", given.count, 'n');
    options.flag("--json", wanted.style.json);
    options.flag("--bytes", wanted.style.exact, 'b');
    options.value("--events", given.events);
    options.value("--buffer", given.buffer);
    given.filter.add_to(options);
    if (const auto status = options.parse(arguments, std::cout, std::cerr))
        return *status;
    return exit_status(run(given, wanted));
}

} // namespace netatop
