// SPDX-License-Identifier: GPL-2.0-only
// Who calls the module's commands at random: any number, length and address, on any socket, from
// several threads and with signals. What comes back is looked at: whoever may not ask gets nothing,
// and nobody gets a byte that the module did not mean to give.
#include "roles.h"

#include <array>
#include <csignal>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <sched.h>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>

#include "net.h"
#include "uapi/netatop.h"

namespace stress {

namespace {

constexpr unsigned char untouched = 0xa5;
constexpr unsigned threads = 2;

// A page to answer into, and one behind it where nothing is.
class Room {
public:
    Room() : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
        void* pages =
            ::mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages == MAP_FAILED)
            guest::fail("mmap");
        start_ = static_cast<unsigned char*>(pages);
        ::munmap(start_ + page_, page_);
    }
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    ~Room() { ::munmap(start_, page_); }

    unsigned char* mark() {
        std::memset(start_, untouched, page_);
        return start_;
    }
    unsigned char* end() { return start_ + page_; }

private:
    std::size_t page_;
    unsigned char* start_;
};

// Only whole answers into a good place are looked at.
void inspect(const unsigned char* answer, socklen_t asked, socklen_t got) {
    netpertask task{};
    const auto whole = static_cast<socklen_t>(sizeof(task));
    if (got != std::min(asked, whole))
        throw std::runtime_error("the answer has another length than it should");
    for (socklen_t at = got; at < got + 64; at++)
        if (answer[at] != untouched)
            throw std::runtime_error("a byte behind the answer was written");
    if (got < whole)
        return;
    std::memcpy(static_cast<void*>(&task), answer, sizeof(task));
    for (std::size_t at = sizeof(pid_t); at < offsetof(netpertask, btime); at++)
        if (answer[at] != 0)
            throw std::runtime_error("the hole in the answer has a byte of the kernel");
    for (std::size_t at = ::strnlen(task.command, sizeof(task.command)); at < sizeof(task.command);
         at++)
        if (task.command[at] != 0)
            throw std::runtime_error("the rest of the name has a byte of the kernel");
}

class Caller {
public:
    Caller(Turns& turns, bool allowed) : allowed_(allowed), generator_(turns.random(1 << 30)) {
        for (const int type : {SOCK_DGRAM, SOCK_STREAM})
            for (const int domain : {AF_INET, AF_INET6})
                sockets_.emplace_back(::socket(domain, type | SOCK_CLOEXEC, 0));
    }

    void call() {
        const int command = random(8) ? some_command() : 15650 + random(30);
        const int level = random(20) ? SOL_IP : random(300);
        socklen_t asked = lengths_[static_cast<std::size_t>(random(lengths_.size()))];
        if (random(10) == 0)
            asked = static_cast<socklen_t>(generator_());
        const bool good = random(4) != 0;
        unsigned char* place = room_.mark();
        const pid_t id = random(2) ? ::getpid() : random(400) - 20;
        std::memcpy(place, &id, sizeof(id));
        socklen_t got = asked;
        const auto& socket = sockets_[static_cast<std::size_t>(random(sockets_.size()))];
        const bool success = ::getsockopt(socket.get(), level, command, good ? place : bad(),
                                          random(50) ? &got : nullptr) == 0;
        const bool ours =
            level == SOL_IP && command >= NETATOP_PROBE && command <= NETATOP_GETCNT_PID;
        if (!success || !ours)
            return;
        if (!allowed_)
            throw std::runtime_error("somebody was answered who may not ask");
        if (good && command >= NETATOP_GETCNT_EXIT)
            inspect(place, asked, got);
    }

private:
    int random(std::size_t limit) { return static_cast<int>(generator_() % limit); }

    // Those that may wait, or work for long, only now and then.
    int some_command() {
        constexpr std::array<int, 3> quick = {NETATOP_PROBE, NETATOP_GETCNT_TGID,
                                              NETATOP_GETCNT_PID};
        if (allowed_ && random(50))
            return quick[static_cast<std::size_t>(random(quick.size()))];
        return NETATOP_PROBE + random(6);
    }

    // Not there, not the caller's, or only in part.
    void* bad() {
        switch (random(4)) {
        case 0:
            return nullptr;
        case 1:
            return reinterpret_cast<void*>(0xffff888000000000UL + generator_());
        case 2:
            return room_.end() - random(100);
        default:
            return reinterpret_cast<void*>(static_cast<std::uintptr_t>(generator_()) << 12);
        }
    }

    static constexpr std::array<socklen_t, 10> lengths_ = {
        96, 96, 96, 88, 4, 3, 0, 97, 200, static_cast<socklen_t>(-1)};
    bool allowed_;
    std::minstd_rand generator_;
    std::vector<Fd> sockets_;
    Room room_;
};

// The calling thread gets no alarms for as long as this object lives: others do.
class AlarmsElsewhere {
public:
    AlarmsElsewhere() { mask(SIG_BLOCK); }
    AlarmsElsewhere(const AlarmsElsewhere&) = delete;
    AlarmsElsewhere& operator=(const AlarmsElsewhere&) = delete;
    ~AlarmsElsewhere() { mask(SIG_UNBLOCK); }

private:
    static void mask(int how) {
        sigset_t alarms;
        sigemptyset(&alarms);
        sigaddset(&alarms, SIGALRM);
        ::pthread_sigmask(how, &alarms, nullptr);
    }
};

void call_often(Turns& turns, bool allowed) {
    struct sigaction nothing {};
    nothing.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &nothing, nullptr);
    const itimerval often{{0, 3000}, {0, 3000}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    while (turns.next()) {
        std::array<std::string, threads> faults;
        std::vector<std::thread> running;
        for (auto& fault : faults)
            running.emplace_back(
                [&turns, &fault, caller = std::make_shared<Caller>(turns, allowed)] {
                    try {
                        for (unsigned i = 0; i < calls_per_turn / threads; i++)
                            caller->call();
                    } catch (const std::exception& error) {
                        fault = error.what();
                    }
                });
        // Signals are for those who may wait in a command.
        const AlarmsElsewhere blocked;
        for (auto& thread : running)
            thread.join();
        for (const auto& fault : faults)
            if (!fault.empty())
                throw std::runtime_error(fault);
    }
}

void call_as_nobody(Turns& turns) {
    guest::check(::setresuid(65534, 65534, 65534), "setresuid");
    call_often(turns, false);
}

// With every capability, but those of a namespace of its own.
void call_from_container(Turns& turns) {
    guest::check(::unshare(CLONE_NEWUSER | CLONE_NEWNET), "unshare");
    call_often(turns, false);
}

} // namespace

Roles caller_roles() {
    return {{"calls", [](Turns& turns) { call_often(turns, true); }},
            {"calls again", [](Turns& turns) { call_often(turns, true); }},
            {"calls as nobody", call_as_nobody},
            {"calls from a container", call_from_container}};
}

} // namespace stress
