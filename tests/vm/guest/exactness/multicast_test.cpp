// SPDX-License-Identifier: GPL-2.0-only
// What a host sends to a group, or to all, and hears itself: its device carries it once, outwards.
#include "lib/guest_test.h"

#include <cstring>
#include <net/if.h>

using namespace guest;

namespace {

class HeardMulticast : public FamilyTest {
protected:
    Fd member(const Address& group) const {
        Fd socket = udp_bound(Address::any(family(), group.port()));
        group_req request{};
        request.gr_interface = ::if_nametoindex("v0");
        std::memcpy(&request.gr_group, group.get(), group.size());
        check(::setsockopt(socket.get(), family() == Family::v4 ? SOL_IP : SOL_IPV6,
                           MCAST_JOIN_GROUP, &request, sizeof(request)),
              "join group");
        return socket;
    }
    Fd sender() const {
        Fd socket = udp_socket(family());
        const int index = static_cast<int>(::if_nametoindex("v0"));
        if (family() == Family::v4) {
            ip_mreqn request{};
            request.imr_ifindex = index;
            check(::setsockopt(socket.get(), SOL_IP, IP_MULTICAST_IF, &request, sizeof(request)),
                  "multicast interface");
        } else {
            set_option(socket, SOL_IPV6, IPV6_MULTICAST_IF, index);
        }
        return socket;
    }
};

class HeardBroadcast : public GuestTest {};

} // namespace

BOTH_FAMILIES(HeardMulticast);

TEST_P(HeardMulticast, CountsOnceOutwards) {
    const auto& pair = standard_pair();
    const Address group(family() == Family::v4 ? "239.1.2.4" : "ff15::1235", 7100);
    Ledger ledger({[&] { return device_counters(pair.a.ns, "v0"); }});
    Helper talker(pair.a.ns, [&](Channel& test) {
        const Fd listening = member(group);
        const Fd socket = sender();
        for (int i = 0; i < 10; i++) {
            send_to(socket, group, 300);
            receive(listening);
        }
        test.signal();
        test.wait();
    });
    talker.wait();
    expect_process("talker", talker.pid(), udp_out(datagrams(family(), 10, 300)));
    ledger.compare();
}

// The other host hears it too, and has no socket for it.
TEST_F(HeardBroadcast, CountsOnceOutwards) {
    const auto& pair = standard_pair();
    Ledger ledger(pair.a, pair.b);
    Helper talker(pair.a.ns, [&](Channel& test) {
        const Fd listening = udp_bound(Address::any(Family::v4, 7101));
        const Fd socket = udp_socket(Family::v4);
        set_option(socket, SOL_SOCKET, SO_BROADCAST, 1);
        check(::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, "v0", 3), "device");
        for (const auto* address : {"10.0.0.255", "255.255.255.255"}) {
            for (int i = 0; i < 5; i++) {
                send_to(socket, Address(address, 7101), 300);
                receive(listening);
            }
        }
        test.signal();
        test.wait();
    });
    talker.wait();
    expect_process("talker", talker.pid(), udp_out(datagrams(Family::v4, 10, 300)));
    ledger.compare();
}
