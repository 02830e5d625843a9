// SPDX-License-Identifier: GPL-2.0-only
// A caller in another PID namespace means, and gets, its own ids.
#include "lib/guest_test.h"

#include <sched.h>
#include <sys/wait.h>

using namespace guest;

namespace {

class PidNamespace : public GuestTest {};

} // namespace

TEST_F(PidNamespace, CallersMeanTheirOwnIds) {
    const auto& pair = standard_pair();
    Helper keeper(pair.a.ns, [&](Channel& test) {
        const pid_t outside = ::getpid();
        check(::unshare(CLONE_NEWPID), "unshare PID namespace");
        const pid_t child = check(::fork(), "fork");
        if (child == 0) {
            test.wait();
            const Fd socket = udp_socket(Family::v4);
            send_to(socket, pair.b.at(Family::v4, 9), 50, 6);
            const Ctl client;
            const auto own = client.process(::getpid());
            test.send(own ? own->id : -1);
            test.send(own ? counters_of(*own) : Counters{});
            // The namespace's other ids belong to nobody; the parent has none here.
            test.send(client.process(outside).has_value());
            test.wait();
            ::_exit(0);
        }
        test.send(child);
        ::waitpid(child, nullptr, 0);
    });
    const auto child = keeper.receive<pid_t>();
    keeper.signal();
    const auto expected = udp_out(datagrams(Family::v4, 6, 50));
    compare("own id inside", 1, keeper.receive<pid_t>());
    compare("counters asked inside", expected, keeper.receive<Counters>());
    compare("an outside id asked inside is known", false, keeper.receive<bool>());
    const auto seen = ctl.process(child);
    ASSERT_TRUE(seen);
    compare("id outside", child, seen->id);
    compare("counters asked outside", expected, counters_of(*seen));
}
