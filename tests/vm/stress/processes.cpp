// SPDX-License-Identifier: GPL-2.0-only
// Processes and threads that come and go with their sockets, and sockets that change hands.
#include "roles.h"

#include <array>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "lib/sockets.h"
#include "net.h"
#include "relay.h"

namespace stress {

namespace {

// Runs a body in a child.
template <class Body>
pid_t spawn(Body body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        body();
        ::_exit(0);
    }
    return pid;
}

void reap_all() {
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
}

Family some_family(Turns& turns) {
    return families[turns.random(2)];
}

Address echo(Turns& turns, const Stage& stage) {
    return stage.steady.b.at(some_family(turns), echo_port);
}

// Processes that live for a datagram or two, on their own socket or one that all of them share;
// some leave a child behind, some a zombie for a while.
void fork_storm(Turns& turns, const Stage& stage) {
    stage.steady.a.ns.enter();
    const Address shared_peer = echo(turns, stage);
    const Fd shared = connected(shared_peer, SOCK_DGRAM);
    while (turns.next()) {
        for (int i = 0; i < 8; i++) {
            const Address peer = echo(turns, stage);
            const bool orphan = turns.random(4) == 0;
            spawn([&] {
                send_zeros(shared, 10);
                send_zeros(connected(peer, SOCK_DGRAM), 100);
                if (orphan)
                    spawn([&] { send_zeros(shared, 20); });
            });
        }
        turns.pause(5);
        reap_all();
    }
}

// Threads that live for a datagram, on their own socket and on one of the process; the leader of
// some processes ends before its threads do.
void thread_storm(Turns& turns, const Stage& stage) {
    stage.steady.a.ns.enter();
    const Fd shared = connected(echo(turns, stage), SOCK_DGRAM);
    while (turns.next()) {
        std::array<std::thread, 6> threads;
        for (auto& thread : threads)
            thread = std::thread([&shared, peer = echo(turns, stage)] {
                send_zeros(shared, 30);
                const Fd own = connected(peer, SOCK_DGRAM);
                send_zeros(own, 300);
                receive_some(own, 300, MSG_DONTWAIT);
            });
        for (auto& thread : threads)
            thread.join();
        if (turns.random(4))
            continue;
        spawn([&] {
            std::thread([&shared] {
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
                send_zeros(shared, 40);
                ::_exit(0);
            }).detach();
            ::pthread_exit(nullptr);
        });
        reap_all();
    }
}

// Other programs take over sockets that carried something already.
void exec_storm(Turns& turns, const Stage& stage) {
    stage.steady.a.ns.enter();
    while (turns.next()) {
        const Fd socket = connected(echo(turns, stage), SOCK_DGRAM);
        send_zeros(socket, 50);
        spawn([&] {
            send_zeros(socket, 60);
            exec_relay(socket);
        });
        reap_all();
    }
}

// One socket, at home in one process and then in another.
void pass_around(Turns& turns, const Stage& stage) {
    stage.steady.a.ns.enter();
    int ends[2];
    guest::check(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    const Fd here(ends[0]);
    const Fd there(ends[1]);
    spawn([&] {
        while (true) {
            const Fd taken = guest::take_descriptor(there.get());
            send_zeros(taken, 70);
            receive_some(taken, 100, MSG_DONTWAIT);
        }
    });
    while (turns.next()) {
        const Fd socket = connected(echo(turns, stage), SOCK_DGRAM);
        if (socket.get() < 0)
            continue;
        for (unsigned i = 0; i < turns.random(8); i++) {
            guest::pass_descriptor(here.get(), socket);
            send_zeros(socket, 80);
        }
    }
}

} // namespace

Roles process_roles(const Stage& stage) {
    return {
        {"forks", [&](Turns& turns) { fork_storm(turns, stage); }},
        {"threads", [&](Turns& turns) { thread_storm(turns, stage); }},
        {"execs", [&](Turns& turns) { exec_storm(turns, stage); }},
        {"passing", [&](Turns& turns) { pass_around(turns, stage); }},
    };
}

} // namespace stress
