// SPDX-License-Identifier: GPL-2.0-only
// All that reads from the module: what atop does, what the daemon does, /proc; and whoever tunes
// it.
#include "roles.h"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/time.h>
#include <unistd.h>

#include "lib/ctl.h"
#include "lib/genl.h"
#include "uapi/netatop_netlink.h"

namespace stress {

namespace {

using guest::Ctl;
using guest::Fd;
using guest::Genl;
using guest::GenlAttribute;

void query(const Ctl& ctl, int command, pid_t id) {
    netpertask task{};
    task.id = id;
    socklen_t size = sizeof(task);
    ctl.call(command, &task, &size);
}

// Every process and thread there is; ids that end or are reused meanwhile.
void read_tasks(Turns& turns) {
    const Ctl ctl;
    while (turns.next()) {
        std::error_code gone;
        for (const auto& process : std::filesystem::directory_iterator("/proc", gone)) {
            const int pid = std::atoi(process.path().filename().c_str());
            if (pid <= 0)
                continue;
            query(ctl, NETATOP_GETCNT_TGID, pid);
            query(ctl, NETATOP_GETCNT_PID, pid + static_cast<int>(turns.random(3)));
        }
    }
}

// Never waits inside for long, so that the module can be unloaded.
void take_exits(Turns& turns) {
    struct sigaction nothing {};
    nothing.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &nothing, nullptr);
    const itimerval often{{0, 20000}, {0, 20000}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    const Ctl ctl;
    netpertask record{};
    while (turns.next()) {
        socklen_t size = turns.random(100) ? sizeof(record) : 4;
        // Now and then to where nothing can be written.
        void* where = turns.random(100) ? &record : nullptr;
        ctl.call(NETATOP_GETCNT_EXIT, where, &size);
        if (turns.random(50) == 0)
            turns.pause(30);
    }
}

// Whatever a turn of netlink says: the module is unloaded meanwhile, and memory runs short.
void netlink_again(Turns& turns, void (*turn)(Turns&, Genl&)) {
    while (turns.next()) {
        try {
            Genl genl;
            for (unsigned i = turns.random(8); i > 0 && turns.next(); i--)
                turn(turns, genl);
        } catch (const std::system_error&) {
            turns.pause(20);
        }
    }
}

// All tasks, or those of one process; now and then a reader stops in the middle.
void dump(Turns& turns, Genl& genl) {
    std::vector<GenlAttribute> filter;
    if (turns.random(2))
        filter.push_back(GenlAttribute::flag(NETATOP_A_THREADS));
    if (turns.random(4) == 0)
        filter.push_back(GenlAttribute::number(NETATOP_A_TGID, 1 + turns.random(2000)));
    std::vector<guest::GenlTask> tasks;
    genl.ask(NETATOP_CMD_GET_TASK, filter, true);
    while (genl.next(tasks) && turns.random(10))
        turns.pause(turns.random(3));
}

void ask_for_one(Turns& turns, Genl& genl) {
    const auto type = turns.random(2) ? NETATOP_A_TGID : NETATOP_A_PID;
    genl.tasks({GenlAttribute::number(type, 1 + turns.random(3000))}, false);
}

// Hears of ends, mostly too slowly.
void listen(Turns& turns, Genl& genl) {
    genl.listen(NETATOP_GENL_GROUP_EXIT);
    for (int i = 0; i < 20 && turns.next(); i++) {
        while (genl.waiting())
            genl.heard();
        turns.pause(10);
    }
}

// Any command with any attributes, which may contradict each other or say nothing.
void talk_nonsense(Turns& turns, Genl& genl) {
    std::vector<GenlAttribute> attributes;
    for (unsigned i = turns.random(5); i > 0; i--) {
        GenlAttribute one{static_cast<std::uint16_t>(turns.random(turns.random(8) ? 14 : 65536)),
                          {}};
        for (unsigned size = turns.random(turns.random(8) ? 9 : 300); size > 0; size--)
            one.value.push_back(static_cast<std::uint8_t>(turns.random(turns.random(2) ? 2 : 256)));
        attributes.push_back(one);
    }
    std::vector<guest::GenlTask> tasks;
    const unsigned command = turns.random(2) ? 1U * NETATOP_CMD_GET_TASK : turns.random(256);
    genl.ask(static_cast<std::uint8_t>(command), attributes, turns.random(2));
    while (genl.next(tasks)) {
    }
}

void command_again(Turns& turns, int command) {
    const Ctl ctl;
    while (turns.next()) {
        ctl.call(command);
    }
}

void read_status(Turns& turns) {
    char buffer[4096];
    while (turns.next()) {
        const Fd file(::open("/proc/netatop", O_RDONLY | O_CLOEXEC));
        while (::read(file.get(), buffer, turns.random(sizeof(buffer)) + 1) > 0) {
        }
        ::lseek(file.get(), 0, SEEK_SET);
        (void)!::read(file.get(), buffer, 1);
    }
}

void set_parameter(const std::string& name, const std::string& value) {
    const auto path = "/sys/module/netatop/parameters/" + name;
    const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    (void)!::write(file.get(), value.data(), value.size());
}

// From far too small to plenty, which is what it is left at.
void tune(Turns& turns) {
    const std::pair<const char*, const char*> limits[] = {{"max_sockets", "1048576"},
                                                          {"max_tasks", "262144"},
                                                          {"max_cgroups", "65536"},
                                                          {"max_exits", "65536"}};
    do {
        const auto& [name, plenty] = limits[turns.random(4)];
        set_parameter(name, std::to_string(turns.random(40)));
        turns.pause(20);
        set_parameter(name, plenty);
        turns.pause(200);
    } while (turns.next());
}

// Out of the way of packets for a moment, and back, which is what it is left at.
void switch_off_and_on(Turns& turns) {
    do {
        set_parameter("enabled", "0");
        turns.pause(20);
        set_parameter("enabled", "1");
        turns.pause(1000);
    } while (turns.next());
}

// Whatever it says: only at rest it tells something.
void audit(Turns& turns) {
    char said[256];
    while (turns.next()) {
        const Fd file(::open("/sys/module/netatop/parameters/check", O_RDONLY | O_CLOEXEC));
        (void)!::read(file.get(), said, sizeof(said));
        turns.pause(1000);
    }
}

} // namespace

Roles reader_roles() {
    return {
        {"atop", read_tasks},
        {"exits", take_exits},
        {"force-gc", [](Turns& turns) { command_again(turns, NETATOP_FORCE_GC); }},
        {"empty-exit", [](Turns& turns) { command_again(turns, NETATOP_EMPTY_EXIT); }},
        {"dumps", [](Turns& turns) { netlink_again(turns, dump); }},
        {"asks", [](Turns& turns) { netlink_again(turns, ask_for_one); }},
        {"listeners", [](Turns& turns) { netlink_again(turns, listen); }},
        {"nonsense", [](Turns& turns) { netlink_again(turns, talk_nonsense); }},
        {"status", read_status},
        {"tune", tune},
        {"audit", audit},
    };
}

Roles switch_roles() {
    return {{"switch", switch_off_and_on}};
}

} // namespace stress
