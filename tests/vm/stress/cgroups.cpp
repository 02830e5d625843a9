// SPDX-License-Identifier: GPL-2.0-only
// Cgroups that come and go, and processes and threads that move between them with their sockets;
// those who read the sums meanwhile.
#include "roles.h"

#include <array>
#include <memory>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include "lib/command.h"
#include "lib/genl.h"
#include "lib/threads.h"
#include "net.h"
#include "uapi/netatop_netlink.h"

namespace stress {

namespace {

using guest::Genl;
using guest::GenlAttribute;

const std::string root = "/sys/fs/cgroup/";
constexpr unsigned depth = 3;

// Whoever is to move may have ended, and where it is to go may be gone.
void write_to(const std::string& file, const std::string& value) {
    try {
        guest::write_file(file, value);
    } catch (const std::system_error&) {
        return;
    }
}

void enter(const std::string& cgroup) {
    write_to(cgroup + "/cgroup.procs", "0");
}

// One inside the other, below a first one; removed at the end, unless somebody still lives in one.
class Nest {
public:
    explicit Nest(std::string path) {
        for (auto& one : paths_) {
            ::mkdir(path.c_str(), 0755);
            one = path;
            path += "/inside";
        }
    }
    Nest(const Nest&) = delete;
    Nest& operator=(const Nest&) = delete;
    ~Nest() { remove(); }

    const std::string& some(Turns& turns) const { return paths_[turns.random(depth)]; }
    void remove() const {
        for (auto path = paths_.rbegin(); path != paths_.rend(); ++path)
            ::rmdir(path->c_str());
    }

private:
    std::array<std::string, depth> paths_;
};

// Sends, moves and sends again; some leave all of it to their end.
void wander(Turns& turns, const Nest& nest, const Address& to) {
    std::array<Fd, 3> sockets;
    for (auto& socket : sockets)
        socket = connected(to, turns.random(8) ? SOCK_DGRAM : SOCK_STREAM);
    for (unsigned steps = turns.random(5); steps > 0; steps--) {
        enter(nest.some(turns));
        for (const auto& socket : sockets)
            send_zeros(socket, turns.random(200));
    }
}

Address peer(Turns& turns, const Stage& stage) {
    return stage.steady.b.at(families[turns.random(2)], echo_port);
}

void move_processes(Turns& turns, const Stage& stage) {
    stage.steady.a.ns.enter();
    const std::string path = root + "moves" + std::to_string(::getpid());
    for (unsigned number = 0; turns.next(); number++) {
        const Nest nest(path + "-" + std::to_string(number));
        for (unsigned i = turns.random(6); i > 0; i--) {
            const Address to = peer(turns, stage);
            if (::fork() == 0) {
                wander(turns, nest, to);
                ::_exit(0);
            }
        }
        // Some are removed while there are zombies in them.
        if (turns.random(2))
            nest.remove();
        while (::waitpid(-1, nullptr, 0) > 0) {
        }
    }
}

// Each thread goes its own way, while the process as a whole is moved.
void move_threads(Turns& turns, const Stage& stage) {
    stage.steady.a.ns.enter();
    const Nest nest(root + "threads" + std::to_string(::getpid()));
    const std::string whole = root + "threads" + std::to_string(::getpid());
    write_to(whole + "/inside/cgroup.type", "threaded");
    write_to(whole + "/inside/inside/cgroup.type", "threaded");
    const std::string ways[] = {whole, whole + "/inside", whole + "/inside/inside"};
    while (turns.next()) {
        enter(whole);
        std::array<std::thread, 4> threads;
        for (auto& thread : threads)
            thread = std::thread([&, to = peer(turns, stage), first = turns.random(3)] {
                const Fd socket = connected(to, SOCK_DGRAM);
                for (unsigned i = first; i < first + 6; i++) {
                    write_to(ways[i % 3] + "/cgroup.threads", std::to_string(guest::own_tid()));
                    send_zeros(socket, 30 + i);
                }
            });
        if (turns.random(2))
            enter("/sys/fs/cgroup");
        for (auto& thread : threads)
            thread.join();
    }
    enter("/sys/fs/cgroup");
}

// All, one, or those that end; now and then a reader stops in the middle.
void read_sums(Turns& turns) {
    while (turns.next()) {
        try {
            Genl genl;
            Genl listener;
            listener.listen(NETATOP_GENL_GROUP_CGROUP);
            for (unsigned i = turns.random(8); i > 0 && turns.next(); i--) {
                std::vector<guest::GenlSums> sums;
                genl.ask(NETATOP_CMD_GET_CGROUP,
                         {GenlAttribute::number64(NETATOP_A_CGROUP, turns.random(3000))}, false);
                while (genl.next(sums)) {
                }
                genl.cgroups();
                while (listener.waiting())
                    listener.heard_cgroup();
            }
            std::vector<guest::GenlSums> first;
            genl.ask(NETATOP_CMD_GET_CGROUP, {}, true);
            genl.next(first);
        } catch (const std::system_error&) { // it is unloaded, or memory runs short
            turns.pause(20);
        }
    }
}

} // namespace

Roles cgroup_roles(const Stage& stage) {
    return {
        {"moves", [&](Turns& turns) { move_processes(turns, stage); }},
        {"moved-threads", [&](Turns& turns) { move_threads(turns, stage); }},
        {"cgroup-sums", read_sums},
    };
}

} // namespace stress
