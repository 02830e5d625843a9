// SPDX-License-Identifier: GPL-2.0-only
// A caller in another PID namespace means, and gets, its own ids.
#include "lib/guest_test.h"

#include <sched.h>

using namespace guest;

namespace {

class PidNamespace : public GuestTest {};

// What a process sees from inside its namespace.
struct Seen {
    pid_t id;
    Counters counters;
    bool outside_known;
};

} // namespace

TEST_F(PidNamespace, CallersMeanTheirOwnIds) {
    const auto& pair = standard_pair();
    Helper keeper(pair.a.ns, [&](Channel& test) {
        const pid_t outside = ::getpid();
        check(::unshare(CLONE_NEWPID), "unshare PID namespace");
        Helper child(nullptr, [&](Channel& inside) {
            const Fd socket = udp_socket(Family::v4);
            send_to(socket, pair.b.at(Family::v4, 9), 50, 6);
            const Ctl client;
            const auto own = client.process(::getpid());
            inside.send(Seen{own ? own->id : -1, own ? counters_of(*own) : Counters{},
                             client.process(outside).has_value()});
            inside.wait();
        });
        test.send(child.pid());
        test.send(child.receive<Seen>());
        test.wait();
    });
    const auto child = keeper.receive<pid_t>();
    const auto inside = keeper.receive<Seen>();
    const auto expected = udp_out(datagrams(Family::v4, 6, 50));
    compare("own id inside", 1, inside.id);
    compare("counters asked inside", expected, inside.counters);
    compare("an outside id asked inside is known", false, inside.outside_known);
    const auto seen = ctl.process(child);
    ASSERT_TRUE(seen);
    compare("id outside", child, seen->id);
    compare("counters asked outside", expected, counters_of(*seen));
}
