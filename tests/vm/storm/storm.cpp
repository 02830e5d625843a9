// SPDX-License-Identifier: GPL-2.0-only
// A storm of processes that each send one datagram over lo and end, named so that the order of
// their ends can be checked: "p<parent>.<n>", where each parent has one child at a time.
#include <arpa/inet.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr char payload[16] = {};

struct Errand {
    sockaddr_in sink;
    char name[16];
};

// Runs in the memory of its parent, which waits until it has ended.
int run_errand(void* data) {
    const auto* errand = static_cast<const Errand*>(data);
    prctl(PR_SET_NAME, errand->name);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const auto sent =
        sendto(fd, payload, sizeof(payload), 0, reinterpret_cast<const sockaddr*>(&errand->sink),
               sizeof(errand->sink));
    _exit(sent == sizeof(payload) ? 0 : 1);
}

[[noreturn]] void be_parent(unsigned number, unsigned children, const sockaddr_in& sink) {
    std::vector<char> stack(64 * 1024);
    Errand errand{sink, {}};
    for (unsigned i = 0; i < children; i++) {
        std::snprintf(errand.name, sizeof(errand.name), "p%u.%u", number, i);
        const pid_t child = clone(run_errand, stack.data() + stack.size(),
                                  CLONE_VM | CLONE_VFORK | SIGCHLD, &errand);
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            std::fprintf(stderr, "storm: child %s failed\n", errand.name);
            _exit(1);
        }
    }
    _exit(0);
}

unsigned number(const char* text) {
    return static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "Usage: storm PARENTS CHILDREN_OF_EACH\n");
        return 2;
    }
    const unsigned parents = number(argv[1]);
    const unsigned children = number(argv[2]);

    sockaddr_in sink{};
    sink.sin_family = AF_INET;
    sink.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(sink);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(fd, reinterpret_cast<sockaddr*>(&sink), length) != 0 ||
        getsockname(fd, reinterpret_cast<sockaddr*>(&sink), &length) != 0) {
        std::perror("storm: no socket on lo");
        return 1;
    }

    const auto begin = std::chrono::steady_clock::now();
    for (unsigned p = 0; p < parents; p++)
        if (fork() == 0)
            be_parent(p, children, sink);
    bool good = true;
    for (unsigned p = 0; p < parents; p++) {
        int status = 0;
        good = wait(&status) > 0 && status == 0 && good;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("%u processes from %u parents in %.1f s, %.0f a second\n", parents * children,
                parents, took.count(), parents * children / took.count());
    return good ? 0 : 1;
}
