// SPDX-License-Identifier: GPL-2.0-only
// Interfaces above others: one of each kind, and stacks of them.
#include "exactness/link.h"

#include <net/if.h> // to which the kernel's own gives way

#include "lib/command.h"
#include "lib/generic_netlink.h"

#include <linux/if_team.h>

using namespace guest;

namespace {

class LinkUpper : public LinkTest {
protected:
    // A device that is not the one under test, up, and offloading nothing.
    static void below(const Side& side, const std::string& device, const std::string& how) {
        side.ns.ip(how + "\nlink set " + device + " addrgenmode none\nlink set " + device +
                   " up\n");
        set_offloads(side.ns, device, false);
    }
    static void own(const Side& side, bool is_a, const std::string& how) {
        side.ns.ip("link add l0 address " + mac(is_a) + " " + how + "\n");
    }
    // A port of a bond or team is down while it becomes one.
    static void enslave(const Side& side, const std::string& master) {
        side.ns.ip("link set v0 down\nlink set v0 master " + master + "\nlink set v0 up\n");
    }
    // A team sends by no port until it is told how to choose one.
    static void choose_ports(const Side& side, const std::string& team) {
        const Inside inside(side.ns);
        NetlinkFamily family(TEAM_GENL_NAME);
        NetlinkMessage option;
        option.add_text(TEAM_ATTR_OPTION_NAME, "mode")
            .add<std::uint8_t>(TEAM_ATTR_OPTION_TYPE, 5) // a text
            .add_text(TEAM_ATTR_OPTION_DATA, "roundrobin");
        NetlinkMessage list;
        list.add_nest(TEAM_ATTR_ITEM_OPTION, option);
        NetlinkMessage message;
        message.add<std::uint32_t>(TEAM_ATTR_TEAM_IFINDEX, ::if_nametoindex(team.c_str()))
            .add_nest(TEAM_ATTR_LIST_OPTION, list);
        try {
            family.request(TEAM_CMD_OPTIONS_SET, message, "mode of a team");
        } catch (const std::system_error& error) {
            if (error.code().value() != ESRCH) // nobody hears of the change
                throw;
        }
    }
    // A secured channel each way.
    static void secure(const Side& side, bool is_a) {
        const std::string key_a = "key 00 81818181818181818181818181818181\n";
        const std::string key_b = "key 01 82828282828282828282828282828282\n";
        side.ns.ip("macsec add l0 tx sa 0 pn 1 on " + (is_a ? key_a : key_b) +
                   "macsec add l0 rx port 1 address " + mac(!is_a) +
                   "\nmacsec add l0 rx port 1 address " + mac(!is_a) + " sa 0 pn 1 on " +
                   (is_a ? key_b : key_a));
    }
    // Where a device leaves something out of its own count of what it sends, what the peer's
    // received is that.
    static std::function<Traffic()> received_of(const Side& side) {
        return [&side] {
            const auto in = device_counters(side.ns, own_device).in;
            return Traffic{in, in};
        };
    }
    // What is made with each of these arguments.
    using Variant = std::function<void(const Side& side, bool is_a, const std::string& variant)>;
    void compare_received(const std::vector<std::string>& variants, const Variant& maker,
                          const std::string& mac_a, const std::string& mac_b) {
        const Pair pair;
        // Nothing else is on v0.
        for (const auto* side : {&pair.a, &pair.b})
            side->ns.ip("addr flush dev v0\n");
        for (const auto& variant : variants) {
            const auto made =
                make(pair, [&](const Side& side, bool is_a) { maker(side, is_a, variant); });
            if (!made)
                GTEST_SKIP() << "no such interface in this kernel: " << variant;
            raise_side(pair.a, true, Frames::ethernet, mac_b);
            raise_side(pair.b, false, Frames::ethernet, mac_a);
            std::cout << scenario() << ": " << variant << std::endl;
            compare_sources(pair, {received_of(pair.a), received_of(pair.b)});
            for (const auto* side : {&pair.a, &pair.b})
                side->ns.ip("link del l0\n");
        }
    }
    void compare_macvlan(const std::vector<std::string>& modes, const std::string& parent) {
        compare_received(
            modes,
            [&](const Side& side, bool is_a, const std::string& mode) {
                own(side, is_a, "link " + parent + " type " + mode);
                if (mode == "macvlan mode source")
                    side.ns.ip("link set l0 type macvlan macaddr add " + mac(!is_a) + "\n");
            },
            mac(true), mac(false));
    }
};

// Those that have others as their ports.
class LinkPort : public LinkUpper {};

} // namespace

BOTH_FAMILIES(LinkPort);
BOTH_FAMILIES(LinkUpper);

TEST_P(LinkPort, VlanInVlan) {
    compare_made([](const Side& side, bool is_a) {
        below(side, "x0", "link add link v0 name x0 type vlan proto 802.1ad id 6");
        own(side, is_a, "link x0 type vlan id 5");
    });
}

TEST_P(LinkPort, VlanOnBond) {
    compare_made([](const Side& side, bool is_a) {
        below(side, "x0", "link add x0 type bond mode active-backup");
        enslave(side, "x0");
        own(side, is_a, "link x0 type vlan id 5");
    });
}

TEST_P(LinkPort, VlanOnBridge) {
    compare_made([](const Side& side, bool is_a) {
        below(side, "x0", "link add x0 type bridge mcast_snooping 0 forward_delay 0");
        side.ns.ip("link set v0 master x0\n");
        own(side, is_a, "link x0 type vlan id 5");
    });
}

TEST_P(LinkPort, BridgeOverVlan) {
    compare_made([](const Side& side, bool is_a) {
        below(side, "x0", "link add link v0 name x0 type vlan id 5");
        own(side, is_a, "type bridge mcast_snooping 0 forward_delay 0");
        side.ns.ip("link set x0 master l0\n");
    });
}

TEST_P(LinkPort, BondRoundRobin) {
    compare_made([](const Side& side, bool is_a) {
        own(side, is_a, "type bond mode balance-rr");
        enslave(side, "l0");
    });
}

TEST_P(LinkPort, Team) {
    compare_made([](const Side& side, bool is_a) {
        own(side, is_a, "type team");
        choose_ports(side, "l0");
        enslave(side, "l0");
    });
}

TEST_P(LinkPort, TeamOverVlan) {
    compare_made([](const Side& side, bool is_a) {
        own(side, is_a, "type team");
        choose_ports(side, "l0");
        side.ns.ip("link add link v0 name x0 type vlan id 5\nlink set x0 master l0\n"
                   "link set x0 up\n");
    });
}

// Tunnels count no header of what they send.
TEST_P(LinkPort, BondOverGretap) {
    compare_made([](const Side& side, bool is_a) {
        const std::string ends =
            is_a ? "local 10.0.0.1 remote 10.0.0.2" : "local 10.0.0.2 remote 10.0.0.1";
        own(side, is_a, "type bond mode active-backup");
        side.ns.ip("link set l0 mtu 1400\nlink add x0 type gretap " + ends +
                   "\nlink set x0 master l0\n"
                   "link set x0 up\n");
    });
}

TEST_P(LinkPort, VlanOnTeam) {
    compare_made([](const Side& side, bool is_a) {
        below(side, "x0", "link add x0 type team");
        choose_ports(side, "x0");
        enslave(side, "x0");
        own(side, is_a, "link x0 type vlan id 5");
    });
}

// It counts what its ports count, which receive without a header.
TEST_P(LinkPort, BondOverVlan) {
    compare_made([](const Side& side, bool is_a) {
        own(side, is_a, "type bond mode active-backup");
        side.ns.ip("link add link v0 name x0 type vlan id 5\nlink set x0 master l0\n"
                   "link set x0 up\n");
    });
}

TEST_P(LinkUpper, Macvlan) {
    compare_macvlan({"macvlan mode private", "macvlan mode bridge", "macvlan mode passthru",
                     "macvlan mode source", "macvtap mode bridge"},
                    "v0");
}

TEST_P(LinkUpper, MacvlanOnVlan) {
    compare_received(
        {"macvlan mode bridge"},
        [](const Side& side, bool is_a, const std::string& type) {
            below(side, "x0", "link add link v0 name x0 type vlan id 5");
            own(side, is_a, "link x0 type " + type);
        },
        mac(true), mac(false));
}

TEST_P(LinkUpper, VlanOnMacvlan) {
    compare_made([](const Side& side, bool is_a) {
        below(side, "x0",
              "link add link v0 name x0 address " + mac(is_a) + " type macvlan mode bridge");
        own(side, is_a, "link x0 type vlan id 5");
    });
}

// It has its parent's address. Its other modes are in Ipvlan.
TEST_P(LinkUpper, Ipvtap) {
    compare_received(
        {"ipvtap mode l2"},
        [](const Side& side, bool, const std::string& type) {
            side.ns.ip("link add l0 link v0 type " + type + "\n");
        },
        "02:00:00:00:00:0a", "02:00:00:00:00:0b");
}

TEST_P(LinkUpper, Macsec) {
    compare_made([](const Side& side, bool is_a) {
        own(side, is_a, "link v0 type macsec encrypt on");
        secure(side, is_a);
    });
}

TEST_P(LinkUpper, MacsecWithoutAddress) {
    compare_made([](const Side& side, bool is_a) {
        own(side, is_a, "link v0 type macsec encrypt off send_sci off");
        secure(side, is_a);
    });
}

TEST_P(LinkUpper, VlanOnMacsec) {
    compare_made([](const Side& side, bool is_a) {
        below(side, "x0",
              "link add link v0 name x0 address " + mac(is_a) + " type macsec encrypt on");
        side.ns.ip("link set x0 down\nlink set x0 name l0\n");
        secure(side, is_a);
        side.ns.ip("link set l0 name x0\nlink set x0 up\n");
        own(side, is_a, "link x0 type vlan id 5");
    });
}
