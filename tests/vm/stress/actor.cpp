// SPDX-License-Identifier: GPL-2.0-only
#include "actor.h"

#include <csignal>
#include <iostream>
#include <new>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/wait.h"

namespace stress {

namespace {

using guest::check;

// After each turn others get theirs, even where nothing else would make an actor wait.
constexpr unsigned breath = 2;

// How long an actor may take to notice that it is to stop.
constexpr std::chrono::milliseconds ending{60000};

Slate* shared_slate() {
    void* memory =
        ::mmap(nullptr, sizeof(Slate), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        guest::fail("share memory");
    return new (memory) Slate{};
}

[[noreturn]] void play(const Role& role, Slate& slate) {
    int status = 1;
    try {
        ::setpgid(0, 0);
        // The kernel's threads, which end what actors begin, come first.
        ::setpriority(PRIO_PROCESS, 0, 19);
        ::prctl(PR_SET_NAME, role.name.c_str());
        Turns turns(slate);
        role.play(turns);
        status = 0;
    } catch (const std::exception& error) {
        std::cerr << role.name << ": " << error.what() << std::endl;
    }
    ::_exit(status);
}

} // namespace

Turns::Turns(Slate& slate) : slate_(slate), generator_(static_cast<unsigned>(::getpid())) {}

bool Turns::next() {
    slate_.turns++;
    pause(breath);
    return !slate_.stop;
}

unsigned Turns::random(unsigned limit) {
    return static_cast<unsigned>(generator_() % limit);
}

void Turns::pause(unsigned milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random(milliseconds + 1)));
}

Cast::Cast(std::vector<Role> roles) {
    // Whoever loses its parent in the play becomes a child of this process.
    check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "become the reaper");
    for (auto& role : roles) {
        Slate* slate = shared_slate();
        std::cout.flush();
        const pid_t pid = check(::fork(), "fork");
        if (pid == 0)
            play(role, *slate);
        ::setpgid(pid, pid);
        actors_.push_back({std::move(role), slate, pid});
    }
}

Cast::~Cast() {
    kill_all();
    for (const auto& actor : actors_)
        ::munmap(actor.slate, sizeof(Slate));
}

void Cast::kill_all() {
    for (const auto& actor : actors_)
        ::kill(-actor.pid, SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
}

std::string Cast::judge(const Actor& actor, int status) {
    if (status != 0)
        return actor.role.name + " failed, wait status " + std::to_string(status) + "\n";
    if (actor.slate->turns == 0)
        return actor.role.name + " had no turn\n";
    return {};
}

std::uint64_t Cast::turns(const std::string& name) const {
    std::uint64_t sum = 0;
    for (const auto& actor : actors_)
        if (actor.role.name.rfind(name, 0) == 0)
            sum += actor.slate->turns;
    return sum;
}

void Cast::stop() {
    std::string faults;
    for (const auto& actor : actors_)
        actor.slate->stop = true;
    for (const auto& actor : actors_) {
        int status = 0;
        const bool ended = guest::eventually(
            [&] { return ::waitpid(actor.pid, &status, WNOHANG) == actor.pid; }, ending);
        faults += ended ? judge(actor, status) : actor.role.name + " does not end\n";
        std::cout << "  " << actor.role.name << ": " << actor.slate->turns << " turns\n";
    }
    kill_all();
    if (!faults.empty())
        throw std::runtime_error(faults);
}

} // namespace stress
