// SPDX-License-Identifier: GPL-2.0-only
// A program that carries packets, as a VPN does: the kernel handles what it writes, and answers,
// in its system call. None of these packets are its own.
#include "lib/guest_test.h"

#include <array>
#include <poll.h>
#include <unistd.h>

#include "lib/packet.h"

using namespace guest;

namespace {

[[noreturn]] void carry(const Fd& a, const Fd& b) {
    std::array<char, 65536> packet{};
    std::array<pollfd, 2> ends = {pollfd{a.get(), POLLIN, 0}, pollfd{b.get(), POLLIN, 0}};
    for (;;) {
        check(::poll(ends.data(), ends.size(), -1), "poll");
        for (std::size_t from = 0; from < ends.size(); from++) {
            if (ends[from].revents == 0)
                continue;
            const auto size = check(::read(ends[from].fd, packet.data(), packet.size()), "read");
            check(::write(ends[1 - from].fd, packet.data(), static_cast<std::size_t>(size)),
                  "write");
        }
    }
}

class Relay : public FamilyTest {};

} // namespace

BOTH_FAMILIES(Relay);

TEST_P(Relay, OwnsNothingOfWhatItCarries) {
    const Namespace a;
    const Namespace b;
    keep_quiet(a);
    keep_quiet(b);
    Helper relay(nullptr, [&](Channel& test) {
        const Fd tunnel_a = open_tunnel(a);
        const Fd tunnel_b = open_tunnel(b);
        test.signal();
        test.wait();
        carry(tunnel_a, tunnel_b);
    });
    relay.wait();
    number_tunnel(a, 1);
    number_tunnel(b, 2);
    relay.signal();

    Ledger ledger(
        {[&] { return device_counters(a, "t0"); }, [&] { return device_counters(b, "t0"); }});
    TcpParties parties(a, b, {family() == Family::v4 ? "10.6.0.2" : "fd06::2", 0},
                       {family(), 1000, 20000, 50});
    parties.run();
    compare_settled(
        "both processes", [&] { return tcp(ledger.carried()); },
        [&] {
            return ctl.process_counters(parties.client.pid()) +
                   ctl.process_counters(parties.server.pid());
        });
    compare("relay", Counters{}, ctl.process_counters(relay.pid()));
    ledger.compare();
}
