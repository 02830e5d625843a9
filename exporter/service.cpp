// SPDX-License-Identifier: GPL-2.0-only
#include "service.h"

#include "collector.h"
#include "interrupt.h"
#include "listener.h"
#include "server.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace netatop {

namespace {

constexpr const char* usual_address = "127.0.0.1:10147";
// A look without a request: what is told of ends does not wait in memory for longer.
constexpr std::chrono::seconds pause{15};

Result<Descriptor> listener_for(const ServiceOptions& options) {
    if (!options.listen.empty())
        return listen_on(options.listen);
    auto passed = passed_socket();
    if (!passed)
        return passed.error();
    if (*passed)
        return **std::move(passed);
    return listen_on(usual_address);
}

std::int64_t cpu_ms() {
    rusage usage{};
    (void)::getrusage(RUSAGE_SELF, &usage);
    const auto ms = [](const timeval& time) {
        return std::int64_t{time.tv_sec} * 1000 + time.tv_usec / 1000;
    };
    return ms(usage.ru_utime) + ms(usage.ru_stime);
}

std::uint64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    file >> all >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t open_files() {
    std::error_code error;
    std::uint64_t count = 0;
    std::filesystem::directory_iterator at("/proc/self/fd", error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error))
        ++count;
    return count > 0 ? count - 1 : 0; // one is the directory itself
}

class Service {
public:
    explicit Service(const ServiceOptions& options) : collector_(AccountSource{}, options.limits) {}

    Status run(const Descriptor& listener, const Interrupt& interrupt);

private:
    Result<std::string> expose(Dialect dialect);
    Status look();
    [[nodiscard]] int timeout(int of_server) const;

    using Clock = std::chrono::steady_clock;
    Collector collector_;
    std::int64_t began_ms_ = now_ms();
    std::uint64_t scrapes_ = 0;
    std::size_t size_ = 0; // of the last exposition
    Clock::time_point looked_;
    std::string complaint_; // what was said last about a look that failed
};

// What goes wrong is said once, until it goes well again.
Status Service::look() {
    auto done = collector_.look();
    looked_ = Clock::now();
    if (!done && done.error().text != complaint_) {
        complaint_ = done.error().text;
        std::cerr << "netatop-exporter: " << complaint_ << '\n';
    } else if (done && !complaint_.empty()) {
        complaint_.clear();
        std::cerr << "netatop-exporter: the module answers again\n";
    }
    std::cerr << collector_.notes() << std::flush;
    return done;
}

Result<std::string> Service::expose(Dialect dialect) {
    ++scrapes_;
    const auto done = look();
    if (!done)
        return done.error();
    Account account = collector_.account();
    account.upkeep = Upkeep{began_ms_,
                            cpu_ms(),
                            resident_bytes(),
                            open_files(),
                            scrapes_,
                            collector_.failed_looks(),
                            collector_.overruns()};
    // A little more than the last time, so that the text moves in memory once at most.
    auto text = exposition_of(account, dialect, size_ + size_ / 16);
    size_ = text.size();
    return text;
}

int Service::timeout(int of_server) const {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(looked_ + pause - Clock::now());
    const int until_look = std::max(static_cast<int>(left.count()), 0);
    return of_server < 0 ? until_look : std::min(of_server, until_look);
}

Status Service::run(const Descriptor& listener, const Interrupt& interrupt) {
    auto server = Server::start(listener, [this](Dialect dialect) { return expose(dialect); });
    if (!server)
        return server.error();
    // Without the module it waits for it; without the right to ask it never will be of use.
    if (const auto first = look(); !first && first.error().cause == Cause::privilege)
        return first.error();
    while (!interrupt.happened()) {
        const auto [tasks, cgroups] = collector_.fds();
        std::array<pollfd, 3> events{
            {{(*server)->fd(), POLLIN, 0}, {tasks, POLLIN, 0}, {cgroups, POLLIN, 0}}};
        const auto waited =
            interrupt.wait(events.data(), events.size(), timeout((*server)->timeout()));
        if (!waited)
            return waited.error();
        (*server)->run();
        if (collector_.hear() || Clock::now() - looked_ >= pause)
            (void)look();
    }
    return Done{};
}

} // namespace

Status serve(const ServiceOptions& options) {
    const auto interrupt = Interrupt::install();
    if (!interrupt)
        return interrupt.error();
    const auto listener = listener_for(options);
    if (!listener)
        return listener.error();
    return Service(options).run(*listener, *interrupt);
}

} // namespace netatop
