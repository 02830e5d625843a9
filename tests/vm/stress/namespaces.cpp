// SPDX-License-Identifier: GPL-2.0-only
// Network namespaces that come and go, with traffic inside to their very end.
#include "roles.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net.h"

namespace stress {

namespace {

void raise_loopback() {
    const Fd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::string("lo").copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_UP;
    ::ioctl(control.get(), SIOCSIFFLAGS, &request);
}

void talk_to_itself(Family family) {
    const Address self(family == Family::v4 ? "127.0.0.1" : "::1", echo_port);
    const Fd receiver = listening(self, SOCK_DGRAM);
    const Fd sender = connected(self, SOCK_DGRAM);
    for (int i = 0; i < 10; i++)
        send_zeros(sender, 2000);
    receive_some(receiver, 2000, MSG_DONTWAIT);

    const Fd listener = listening(self, SOCK_STREAM);
    const Fd client = connected(self, SOCK_STREAM);
    send_zeros(client, 10000);
    if (family == Family::v4) // the other connection waits to be accepted when its namespace ends
        receive_some(Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)), 10000);
}

void come_and_go(Turns& turns) {
    while (turns.next()) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            if (::unshare(CLONE_NEWNET) == 0) {
                raise_loopback();
                for (const Family family : families)
                    talk_to_itself(family);
            }
            ::_exit(0);
        }
        ::waitpid(pid, nullptr, 0);
    }
}

} // namespace

Roles namespace_roles() {
    return {{"namespaces", come_and_go}};
}

} // namespace stress
