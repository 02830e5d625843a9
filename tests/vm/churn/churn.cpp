// SPDX-License-Identifier: GPL-2.0-only
// Units and processes that come and go.
//
//   churn serve ADDRESS                            take datagrams, and connections that end at once
//   churn run ADDRESS FIRST UNITS PROCESSES        make UNITS cgroups, in each of them PROCESSES
//   processes one
//                                                  after the other, and remove it
//
// Each process sends one datagram of 16 bytes, the last one of a unit opens a connection and closes
// it instead. Units are called u<number>.service, from FIRST on; processes have one of a thousand
// names.
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr uint16_t port = 7000;
constexpr unsigned workers = 2;
constexpr unsigned names = 1000;
constexpr std::array<char, 16> payload{};
const std::string slice = "/sys/fs/cgroup/churn.slice";

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

sockaddr_in address_of(const char* text) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
        die(text);
    return address;
}

const sockaddr* plain(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

int listening(int type, const sockaddr_in& address) {
    const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (bind(fd, plain(address), sizeof(address)) != 0)
        die("bind");
    if (type == SOCK_STREAM && listen(fd, 1024) != 0)
        die("listen");
    return fd;
}

// A connection is closed by its client first.
[[noreturn]] void serve(const sockaddr_in& address) {
    const int datagrams = listening(SOCK_DGRAM, address);
    std::vector<pollfd> polled{{datagrams, POLLIN, 0},
                               {listening(SOCK_STREAM, address), POLLIN, 0}};
    std::array<char, 64> buffer{};

    while (poll(polled.data(), polled.size(), -1) > 0) {
        if (polled[0].revents != 0)
            while (recv(datagrams, buffer.data(), buffer.size(), MSG_DONTWAIT) > 0) {
            }
        for (size_t i = polled.size() - 1; i > 1; i--)
            if (polled[i].revents != 0 &&
                recv(polled[i].fd, buffer.data(), buffer.size(), 0) <= 0) {
                close(polled[i].fd);
                polled.erase(polled.begin() + static_cast<std::ptrdiff_t>(i));
            }
        if (polled[1].revents != 0)
            polled.push_back({accept4(polled[1].fd, nullptr, nullptr, SOCK_CLOEXEC), POLLIN, 0});
    }
    die("poll");
}

struct Errand {
    sockaddr_in server;
    int type;
    std::array<char, 16> name;
};

// Runs in the memory of its parent, which waits until it has ended.
int run_errand(void* data) {
    const auto& errand = *static_cast<const Errand*>(data);
    prctl(PR_SET_NAME, errand.name.data());
    const int fd = socket(AF_INET, errand.type | SOCK_CLOEXEC, 0);
    bool good = connect(fd, plain(errand.server), sizeof(errand.server)) == 0;
    if (good && errand.type == SOCK_DGRAM)
        good = send(fd, payload.data(), payload.size(), 0) == static_cast<ssize_t>(payload.size());
    close(fd); // not left to the parent
    _exit(good ? 0 : 1);
}

void run_process(const Errand& errand, std::vector<char>& stack) {
    const pid_t child = clone(run_errand, stack.data() + stack.size(),
                              CLONE_VM | CLONE_VFORK | SIGCHLD, const_cast<Errand*>(&errand));
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        die("a process failed");
}

void move_to(const std::string& cgroup) {
    const int fd = open((cgroup + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1)
        die(cgroup.c_str());
    close(fd);
}

// The worker is in each unit too, so that its children begin there, and carries nothing itself.
void run_unit(unsigned number, unsigned processes, Errand& errand, std::vector<char>& stack) {
    const std::string unit = slice + "/u" + std::to_string(number) + ".service";
    if (mkdir(unit.c_str(), 0755) != 0)
        die(unit.c_str());
    move_to(unit);
    for (unsigned i = 0; i < processes; i++) {
        std::snprintf(errand.name.data(), errand.name.size(), "p%u",
                      (number * processes + i) % names);
        errand.type = i + 1 == processes ? SOCK_STREAM : SOCK_DGRAM;
        run_process(errand, stack);
    }
    move_to("/sys/fs/cgroup");
    if (rmdir(unit.c_str()) != 0)
        die(unit.c_str());
}

[[noreturn]] void work(const sockaddr_in& server, unsigned first, unsigned end,
                       unsigned processes) {
    std::vector<char> stack(64 * 1024);
    Errand errand{server, 0, {}};
    for (unsigned number = first; number < end; number += workers)
        run_unit(number, processes, errand, stack);
    _exit(0);
}

bool run(const sockaddr_in& server, unsigned first, unsigned units, unsigned processes) {
    mkdir(slice.c_str(), 0755);
    for (unsigned i = 0; i < workers; i++)
        if (fork() == 0)
            work(server, first + i, first + units, processes);
    bool good = true;
    for (unsigned i = 0; i < workers; i++) {
        int status = 0;
        good = wait(&status) > 0 && status == 0 && good;
    }
    return good;
}

unsigned number(const char* text) {
    return static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

} // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "serve" && argc == 3)
        serve(address_of(argv[2]));
    if (what == "run" && argc == 6)
        return run(address_of(argv[2]), number(argv[3]), number(argv[4]), number(argv[5])) ? 0 : 1;
    std::fprintf(stderr,
                 "Usage: churn serve ADDRESS\n       churn run ADDRESS FIRST UNITS PROCESSES\n");
    return 2;
}
