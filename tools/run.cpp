// SPDX-License-Identifier: GPL-2.0-only
#include "run.h"

#include "client.h"
#include "job.h"
#include "members.h"
#include "moved.h"
#include "options.h"
#include "uapi/netatop.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <iostream>
#include <map>
#include <optional>
#include <utility>

namespace netatop {

namespace {

constexpr const char* usage = R"(Usage: netatop run [OPTION...] [--] COMMAND [ARGUMENT...]
Runs COMMAND and then says what it and all that it started carried over the network.

  -o, --output FILE  say it there, and not on standard error
      --json         one JSON object a line
  -b, --bytes        all digits of numbers in the table
      --help         print this and exit
      --version      print the version and exit

The exit status is that of COMMAND; 125 when netatop itself fails, 126 when COMMAND
cannot be run, 127 when it is not found.
)";

// As env(1) has them.
constexpr int failed = 125;
constexpr int cannot_run = 126;
constexpr int not_found = 127;

struct Given {
    std::vector<std::string> command;
    std::string output;
    MovedStyle style;
};

void note(const std::string& text) {
    std::cerr << "netatop: " << text << '\n';
}

int failure(const Error& error) {
    note(error.text);
    return failed;
}

// Has the module tell of all ends that there have been.
void flush_ends() {
    const Descriptor socket(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    socklen_t length = 0;
    if (socket)
        (void)::getsockopt(socket.get(), SOL_IP, NETATOP_FORCE_GC, nullptr, &length);
}

class Run {
public:
    Run(const Client& client, Ends exits, Job job)
        : client_(client), exits_(std::move(exits)), job_(std::move(job)) {}

    std::optional<StartFailure> start(const std::vector<std::string>& command);
    Result<MovedByJob> wait();

private:
    using Living = std::map<std::pair<std::uint32_t, std::uint64_t>, Task>;

    std::optional<bool> had(const Task& task);
    bool has(const Task& task);
    void hear(Living* superseded);
    Status look();

    const Client& client_;
    std::optional<Ends> exits_;
    Job job_;
    std::optional<OwnCgroup> cgroup_;
    std::optional<Descendants> descendants_;
    MovedByJob moved_;
};

std::optional<StartFailure> Run::start(const std::vector<std::string>& command) {
    moved_.command = command[0];
    auto cgroup = OwnCgroup::make();
    std::string why;
    if (cgroup) {
        cgroup_.emplace(*std::move(cgroup));
        const auto failure = job_.start(command, cgroup_->procs());
        if (!failure || !failure->in_cgroup)
            return failure;
        why = system_error("the command cannot go there", failure->code).text;
        cgroup_.reset();
    } else {
        why = cgroup.error().text;
    }
    note("no cgroup could be made (" + why + "): what descends from the command is counted");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    descendants_.emplace(static_cast<std::uint32_t>(::getpid()));
    return job_.start(command, -1);
}

std::optional<bool> Run::had(const Task& task) {
    return cgroup_ ? cgroup_->has(task) : descendants_->had(task);
}

bool Run::has(const Task& task) {
    if (cgroup_)
        return cgroup_->has(task);
    return task.tgid != static_cast<std::uint32_t>(::getpid()) &&
           descendants_->has(task.tgid).value_or(false);
}

// All ends that there are to be heard of. One of them supersedes what was seen of a living process.
void Run::hear(Living* superseded) {
    while (exits_) {
        const auto event = exits_->next();
        if (!event) {
            note(event.error().text);
            moved_.complete = false;
            exits_.reset();
            return;
        }
        if (!*event)
            return;
        if ((*event)->of == End::Of::overrun) {
            moved_.complete = false;
            continue;
        }
        const Task& task = (*event)->task;
        const auto belongs = had(task);
        if (!belongs)
            ++moved_.unclear;
        if (!belongs.value_or(false))
            continue;
        if (superseded != nullptr)
            superseded->erase({task.tgid, task.start});
        moved_.add(task, false);
    }
}

// What ended, and then what lives: whoever ends meanwhile is heard of afterwards.
Status Run::look() {
    flush_ends();
    hear(nullptr);
    Living living;
    for (auto& task : client_.tasks({})) {
        if (!task)
            return task.error();
        if (has(*task)) {
            const auto key = std::pair(task->tgid, task->start);
            living[key] = *std::move(task);
        }
    }
    flush_ends();
    hear(&living);
    for (const auto& [key, task] : living)
        moved_.add(task, true);
    return Done{};
}

Result<MovedByJob> Run::wait() {
    const auto begun = std::chrono::steady_clock::now();
    while (!job_.ended()) {
        std::array<pollfd, 2> events{
            {{job_.fd(), POLLIN, 0}, {exits_ ? exits_->fd() : -1, POLLIN, 0}}};
        if (::poll(events.data(), events.size(), -1) < 0 && errno != EINTR)
            return system_error("cannot wait for events");
        if (events[1].revents != 0)
            hear(nullptr);
        if (events[0].revents != 0)
            job_.take_signals();
    }
    const auto took = std::chrono::steady_clock::now() - begun;
    moved_.took_ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
    moved_.status = job_.status();
    if (const auto looked = look(); !looked) {
        note(looked.error().text);
        moved_.complete = false;
    }
    return moved_;
}

int not_started(const std::string& command, const StartFailure& failure) {
    note(system_error(command, failure.code).text);
    return failure.code == ENOENT ? not_found : cannot_run;
}

bool write_all(int fd, const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t written = ::write(fd, text.data() + done, text.size() - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        done += static_cast<std::size_t>(written);
    }
    return true;
}

int run(const Given& given) {
    Descriptor file;
    if (!given.output.empty()) {
        file = Descriptor(
            ::open(given.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
        if (!file)
            return failure(system_error(given.output));
    }
    const auto client = Client::open();
    if (!client)
        return failure(client.error());
    auto exits = client->exits();
    if (!exits)
        return failure(exits.error());
    auto job = Job::prepare();
    if (!job)
        return failure(job.error());
    Run run(*client, *std::move(exits), *std::move(job));
    if (const auto why = run.start(given.command))
        return not_started(given.command[0], *why);
    const auto moved = run.wait();
    if (!moved)
        return failure(moved.error());
    if (!write_all(file ? file.get() : STDERR_FILENO, text_of(*moved, given.style)) && file)
        return failure(system_error(given.output));
    return moved->status;
}

} // namespace

int run_command(const std::vector<std::string>& arguments) {
    Given given;
    Options options("netatop", usage);
    options.value("--output", given.output, 'o');
    options.flag("--json", given.style.json);
    options.flag("--bytes", given.style.exact, 'b');
    options.command(given.command);
    if (const auto status = options.parse(arguments, std::cout, std::cerr))
        return *status == 0 ? 0 : failed;
    if (given.command.empty()) {
        std::cerr << usage;
        return failed;
    }
    return run(given);
}

} // namespace netatop
