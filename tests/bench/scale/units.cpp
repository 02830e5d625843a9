// netatop-units: a host with many services, and what it costs to tell an engine of metrics about
// it.
//
//     netatop-units serve ADDRESS
//     netatop-units measure ADDRESS UNITS COMMANDS EXPORTER-PID FILE -- COMMAND...
//
// The first answers the services of the second, from another network namespace. The second makes so
// many cgroups with the names of services, a process in each, and names of commands; each has a
// connection, and half of them ask by UDP too. It scrapes the exporter, which listens already, and
// runs COMMAND, which prints an exposition; the last of both are left in FILE and FILE.command.
//
// Output, one line a figure, separated by tabs: what, figure, value. Instructions are nanoseconds
// on a machine whose clock counts these.
#include "../workload/socket.h"
#include "signal.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint16_t port = 7000;
constexpr uint16_t exporter_port = 10147;
constexpr size_t message = 100;
const std::string slice = "/sys/fs/cgroup/system.slice";

// Instances of services, with the lengths of names that services have.
std::string unit_name(size_t i) {
    static const std::array<const char*, 8> kinds{"cron",       "nginx",           "postgresql",
                                                  "dovecot",    "redis-server",    "php8.2-fpm",
                                                  "node-agent", "systemd-networkd"};
    return std::string(kinds[i % kinds.size()]) + "@" + std::to_string(1000 + i) + ".service";
}

void say(const char* what, const char* figure, long long value) {
    std::printf("%s\t%s\t%lld\n", what, figure, value);
    std::fflush(stdout);
}

// A profiler outside of the machine recognises the addresses of these two.
extern "C" {
[[gnu::noinline]] void netatop_units_begin() {
    asm volatile("" ::: "memory");
}
[[gnu::noinline]] void netatop_units_end() {
    asm volatile("" ::: "memory");
}
}

// What a service does whenever it is told to: asks, and waits for the answer. What all ask at once
// may be dropped on its way; TCP asks again by itself.
void ask(const Fd& fd) {
    std::array<char, message> text{};
    const timeval patience{1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    int type = 0;
    socklen_t size = sizeof type;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_TYPE, &type, &size);
    const auto send = [&] {
        if (::send(fd.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
            fail("a question");
    };
    send();
    while (::recv(fd.get(), text.data(), text.size(), MSG_WAITALL) <= 0) {
        if (errno != EAGAIN)
            fail("an answer");
        if (type == SOCK_DGRAM)
            send();
    }
}

struct Scene {
    std::string address; // of who answers
    size_t units;
    size_t commands;
};

class Units {
public:
    explicit Units(const Scene& scene) : scene_(scene) {
        if (::mkdir(slice.c_str(), 0755) != 0 && errno != EEXIST)
            fail(slice);
        for (size_t i = 0; i < scene_.units; i++)
            start(i);
        use();
    }
    Units(const Units&) = delete;
    Units& operator=(const Units&) = delete;
    ~Units() {
        for (const pid_t pid : processes_)
            ::kill(pid, SIGKILL);
        for (const pid_t pid : processes_)
            ::waitpid(pid, nullptr, 0);
    }

    // Each asks once, by each of its sockets. What TCP has to do afterwards is over then.
    void use() {
        again_.give(scene_.units);
        ::sleep(1);
    }

private:
    void start(size_t i) {
        const std::string directory = slice + '/' + unit_name(i);
        if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST)
            fail(directory);
        const pid_t pid = ::fork();
        if (pid < 0)
            fail("fork");
        if (pid == 0)
            live(i, directory);
        processes_.push_back(pid);
    }

    [[noreturn]] void live(size_t i, const std::string& directory) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const auto name = "command-" + std::to_string(1000 + i % scene_.commands);
        ::prctl(PR_SET_NAME, name.c_str());
        std::ofstream(directory + "/cgroup.procs") << ::getpid() << std::flush;
        const Place home{"", "0.0.0.0"};
        std::vector<Fd> sockets;
        sockets.push_back(open_socket(home, SOCK_STREAM));
        if (i % 2 == 1)
            sockets.push_back(open_socket(home, SOCK_DGRAM));
        for (const auto& fd : sockets)
            connect_to(fd, Address(scene_.address, port));
        for (int round = 0;;) {
            round = again_.wait(round);
            for (const auto& fd : sockets)
                ask(fd);
            again_.done();
        }
    }

    Scene scene_;
    Signal again_;
    std::vector<pid_t> processes_;
};

// Nanoseconds that a process has run.
long long run_time(const std::string& pid) {
    long long time = 0;
    std::ifstream("/proc/" + pid + "/schedstat") >> time;
    return time;
}

// The answer to a request, its headers included.
std::string get(const std::string& header) {
    const Fd fd = open_socket({"", "127.0.0.1"}, SOCK_STREAM);
    connect_to(fd, Address("127.0.0.1", exporter_port));
    const std::string request =
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + header + "\r\n";
    if (::send(fd.get(), request.data(), request.size(), 0) < 0)
        fail("send");
    static std::vector<char> buffer(size_t{16} << 20U);
    size_t size = 0;
    for (ssize_t more = 1; more > 0; size += static_cast<size_t>(more)) {
        more = ::recv(fd.get(), &buffer[size], buffer.size() - size, 0);
        if (more < 0)
            fail("recv");
    }
    return {buffer.data(), size};
}

std::string body_of(const std::string& answer) {
    const auto end = answer.find("\r\n\r\n");
    if (answer.rfind("HTTP/1.1 200 ", 0) != 0 || end == std::string::npos)
        fail("no metrics: " + answer.substr(0, end));
    return answer.substr(end + 4);
}

std::string scrape(const char* what, const std::string& pid, const std::string& header = "") {
    get(header); // what it does for the first time is done
    netatop_units_begin();
    const auto ran = run_time(pid);
    const auto begin = Clock::now();
    const auto answer = get(header);
    const auto taken = Clock::now() - begin;
    say(what, "instructions, all together",
        std::chrono::duration_cast<std::chrono::nanoseconds>(taken).count());
    say(what, "of these, the exporter's", run_time(pid) - ran);
    netatop_units_end();
    auto body = body_of(answer);
    say(what, "bytes", static_cast<long long>(body.size()));
    return body;
}

void run(const char* what, char** arguments, const std::string& output) {
    const auto begin = Clock::now();
    const pid_t pid = ::fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0) {
        const int fd = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (fd < 0 || ::dup2(fd, 1) < 0)
            std::_Exit(1);
        ::execv(arguments[0], arguments);
        std::_Exit(1);
    }
    int status = 0;
    if (::waitpid(pid, &status, 0) != pid || status != 0)
        fail(arguments[0]);
    const auto taken = Clock::now() - begin;
    say(what, "instructions, all together",
        std::chrono::duration_cast<std::chrono::nanoseconds>(taken).count());
    struct stat info {};
    if (::stat(output.c_str(), &info) != 0)
        fail(output);
    say(what, "bytes", info.st_size);
}

void measure(const Scene& scene, const std::string& pid, const std::string& file, char** command) {
    Units all(scene);
    get("");
    all.use();
    const auto text = scrape("scrape", pid);
    std::ofstream(file) << text;
    all.use();
    scrape("scrape, gzip", pid, "Accept-Encoding: gzip\r\n");
    run("netatop export", command, file + ".command");
}

// Answers whatever comes, by TCP and UDP.
[[noreturn]] void serve(const std::string& address) {
    const Place here{"", address};
    const Fd datagrams = bound_socket(here, SOCK_DGRAM, port);
    const Fd listening = bound_socket(here, SOCK_STREAM, port);
    const Fd events(::epoll_create1(EPOLL_CLOEXEC));
    std::vector<Fd> connections;
    const auto watch = [&](int fd) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        if (::epoll_ctl(events.get(), EPOLL_CTL_ADD, fd, &event) != 0)
            fail("epoll_ctl");
    };
    // All ask at once.
    const int room = 16 << 20;
    ::setsockopt(datagrams.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    if (::listen(listening.get(), 4096) != 0)
        fail("listen");
    watch(datagrams.get());
    watch(listening.get());
    std::array<char, message> text{};
    for (;;) {
        epoll_event event{};
        if (::epoll_wait(events.get(), &event, 1, -1) != 1)
            continue;
        const int fd = event.data.fd;
        if (fd == listening.get()) {
            connections.push_back(accept_from(listening));
            watch(connections.back().get());
            continue;
        }
        Address from;
        from.length = sizeof from.storage;
        auto* name = reinterpret_cast<sockaddr*>(&from.storage);
        const auto size = ::recvfrom(fd, text.data(), text.size(), 0, name, &from.length);
        if (size <= 0)
            ::epoll_ctl(events.get(), EPOLL_CTL_DEL, fd, nullptr);
        else if (::sendto(fd, text.data(), static_cast<size_t>(size), 0, name, from.length) < 0)
            fail("an answer");
    }
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> given(argv, argv + argc);
    if (given.size() == 3 && given[1] == "serve")
        serve(given[2]);
    if (given.size() < 9 || given[1] != "measure" || given[7] != "--") {
        std::fprintf(stderr, "see the head of the source\n");
        return 2;
    }
    measure({given[2], std::stoul(given[3]), std::stoul(given[4])}, given[5], given[6], argv + 8);
    return 0;
}
