// SPDX-License-Identifier: GPL-2.0-only
#include "trials.h"

#include <fcntl.h>
#include <iostream>
#include <memory>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include "lib/ctl.h"
#include "lib/module.h"
#include "net.h"

namespace stress {

namespace {

namespace module = guest::module;

// A new namespace takes thousands of allocations, of which the module's are few and the last.
constexpr unsigned namespace_stride = 37;

Trial first_packet(const Stage& stage, Family family, int type) {
    const Side& a = stage.steady.a;
    const Side& b = stage.steady.b;
    const auto socket = std::make_shared<Fd>();
    return {std::string("first packet, ") + guest::name(family) +
                (type == SOCK_DGRAM ? " UDP" : " TCP"),
            [=, &a] {
                a.ns.enter();
                *socket = hasty_socket(family, type);
            },
            [=, &b] {
                const Address peer = b.at(family, echo_port);
                (void)::connect(socket->get(), peer.get(), peer.size());
                send_zeros(*socket, 100);
            },
            {}};
}

// On loopback whatever is received is received in the sender's context.
Trial received(Family family) {
    const auto sockets = std::make_shared<std::pair<Fd, Fd>>();
    const Address self(family == Family::v4 ? "127.0.0.1" : "::1", echo_port);
    return {std::string("first packet received, ") + guest::name(family),
            [=] {
                sockets->first = listening(self, SOCK_DGRAM);
                sockets->second = connected(self, SOCK_DGRAM);
            },
            [=] {
                send_zeros(sockets->second, 3000);
                receive_some(sockets->first, 3000, MSG_DONTWAIT);
            },
            {}};
}

// Two processes that the module knows: this one, and one that has ended.
void become_known(const guest::Ctl& ctl) {
    const Address peer("127.0.0.1", echo_port);
    const pid_t pid = ::fork();
    send_zeros_to(hasty_socket(Family::v4, SOCK_DGRAM), peer, 10);
    if (pid == 0)
        ::_exit(0);
    ::waitpid(pid, nullptr, 0);
    ctl.call(NETATOP_FORCE_GC);
    ::alarm(10); // ends a wait for a record that never comes
}

Trial command(const std::string& name, int number) {
    const auto ctl = std::make_shared<guest::Ctl>();
    return {name,
            [=] { become_known(*ctl); },
            [=] {
                netpertask task{};
                task.id = ::getpid();
                socklen_t size = sizeof(task);
                ctl->call(number, &task, &size);
            },
            {}};
}

Trial status() {
    return {"/proc/netatop",
            {},
            [] {
                char text[4096];
                const Fd file(::open("/proc/netatop", O_RDONLY | O_CLOEXEC));
                while (::read(file.get(), text, sizeof(text)) > 0) {
                }
            },
            {}};
}

Trial new_namespace() {
    return {"network namespace", {}, [] { (void)::unshare(CLONE_NEWNET); }, {}, namespace_stride};
}

} // namespace

std::vector<Trial> loading_trials() {
    return {{"load",
             {},
             [] {
                 try {
                     module::load();
                 } catch (const std::system_error&) { // its file could not be opened
                 }
             },
             [] {
                 if (module::loaded())
                     module::unload();
             }}};
}

std::vector<Trial> running_trials(const Stage& stage) {
    std::vector<Trial> trials;
    for (const Family family : families) {
        trials.push_back(first_packet(stage, family, SOCK_DGRAM));
        trials.push_back(first_packet(stage, family, SOCK_STREAM));
        trials.push_back(received(family));
    }
    trials.push_back(command("FORCE_GC", NETATOP_FORCE_GC));
    trials.push_back(command("EMPTY_EXIT", NETATOP_EMPTY_EXIT));
    trials.push_back(command("GETCNT_EXIT", NETATOP_GETCNT_EXIT));
    trials.push_back(command("GETCNT_TGID", NETATOP_GETCNT_TGID));
    trials.push_back(command("GETCNT_PID", NETATOP_GETCNT_PID));
    trials.push_back(status());
    trials.push_back(new_namespace());
    return trials;
}

void fail_each_of(const std::vector<Trial>& trials) {
    for (const auto& trial : trials)
        std::cout << "  " << trial.name << ": " << fail_each(trial) << " allocations failed"
                  << std::endl;
}

} // namespace stress
