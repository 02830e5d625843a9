// SPDX-License-Identifier: GPL-2.0-only
// Interfaces that are fed by other means than ip(8) alone: a program, sessions, a mesh, a switch.
#include "exactness/link.h"

#include <net/if.h> // to which the kernel's own gives way

#include "lib/command.h"
#include "lib/generic_netlink.h"
#include "lib/packet.h"

#include <array>
#include <cstring>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_pppox.h>
#include <linux/if_tun.h>
#include <linux/openvswitch.h>
#include <linux/ppp-ioctl.h>
#include <linux/ppp_defs.h>
#include <poll.h>
#include <sys/ioctl.h>

using namespace guest;

namespace {

constexpr std::size_t largest_frame = 65536;

// A wire between two devices of tun: what one sends the other receives.
Helper wire(const Fd& one, const Fd& other) {
    const Namespace* anywhere = nullptr;
    return {anywhere, [&](Channel& test) {
                test.signal();
                std::array<pollfd, 3> ready{
                    {{one.get(), POLLIN, 0}, {other.get(), POLLIN, 0}, {test.fd(), POLLIN, 0}}};
                std::vector<char> frame(largest_frame);
                while (::poll(ready.data(), ready.size(), -1) >= 0 && !ready[2].revents) {
                    for (unsigned i = 0; i < 2; i++) {
                        if (!(ready[i].revents & POLLIN))
                            continue;
                        const auto size =
                            check(::read(ready[i].fd, frame.data(), frame.size()), "read");
                        check(
                            ::write(ready[1 - i].fd, frame.data(), static_cast<std::size_t>(size)),
                            "write");
                    }
                }
            }};
}

Fd open_tap(const Namespace& ns, const std::string& name, int kind) {
    const Inside inside(ns);
    ns.run("modprobe tun");
    Fd device(check(::open("/dev/net/tun", O_RDWR | O_CLOEXEC), "/dev/net/tun"));
    ifreq request{};
    request.ifr_flags = static_cast<short>(kind | IFF_NO_PI);
    name.copy(static_cast<char*>(request.ifr_name), IFNAMSIZ - 1);
    check(::ioctl(device.get(), TUNSETIFF, &request), "TUNSETIFF");
    return device;
}

class LinkMedium : public LinkTest {
protected:
    void compare_tap(int kind, const std::string& name, const Maker& above, Frames frames) {
        const Pair pair;
        const auto one = open_tap(pair.a.ns, name, kind);
        const auto other = open_tap(pair.b.ns, name, kind);
        if (!make(pair, above))
            GTEST_SKIP() << "no such interface in this kernel";
        raise(pair, frames);
        auto cable = wire(one, other);
        cable.wait();
        compare_devices(pair);
    }
};

// A session of PPP over Ethernet, without the programs that negotiate one.
class PppSession {
public:
    PppSession(const Side& side, bool is_a) {
        const Inside inside(side.ns);
        link_ = Fd(check(::socket(AF_PPPOX, SOCK_STREAM | SOCK_CLOEXEC, PX_PROTO_OE), "PPPoE"));
        sockaddr_pppox at{};
        at.sa_family = AF_PPPOX;
        at.sa_protocol = PX_PROTO_OE;
        at.sa_addr.pppoe.sid = htons(7);
        const std::array<unsigned char, ETH_ALEN> remote = {
            2, 0, 0, 0, 0, static_cast<unsigned char>(is_a ? 0x0b : 0x0a)};
        std::memcpy(at.sa_addr.pppoe.remote, remote.data(), remote.size());
        std::strcpy(at.sa_addr.pppoe.dev, "v0");
        sockaddr_storage aligned{};
        std::memcpy(&aligned, &at, sizeof(at));
        check(::connect(link_.get(), reinterpret_cast<sockaddr*>(&aligned), sizeof(at)),
              "PPPoE session");
        int channel = 0;
        check(::ioctl(link_.get(), PPPIOCGCHAN, &channel), "PPPIOCGCHAN");
        channel_ = Fd(check(::open("/dev/ppp", O_RDWR | O_CLOEXEC), "/dev/ppp"));
        check(::ioctl(channel_.get(), PPPIOCATTCHAN, &channel), "PPPIOCATTCHAN");
        unit_ = Fd(check(::open("/dev/ppp", O_RDWR | O_CLOEXEC), "/dev/ppp"));
        int unit = -1;
        check(::ioctl(unit_.get(), PPPIOCNEWUNIT, &unit), "PPPIOCNEWUNIT");
        check(::ioctl(channel_.get(), PPPIOCCONNECT, &unit), "PPPIOCCONNECT");
        for (const int protocol : {PPP_IP, PPP_IPV6}) {
            npioctl mode{protocol, NPMODE_PASS};
            check(::ioctl(unit_.get(), PPPIOCSNPMODE, &mode), "PPPIOCSNPMODE");
        }
        side.ns.ip("link set ppp" + std::to_string(unit) + " name l0 mtu 1492\n");
    }

private:
    Fd link_;
    Fd channel_;
    Fd unit_;
};

// A switch of the kernel's Open vSwitch with the ports v0 and l0, which is its own interface.
class OpenSwitch {
public:
    explicit OpenSwitch(const Side& side)
        : inside_(side.ns), flows_((load(side), OVS_FLOW_FAMILY)) {
        NetlinkFamily datapaths(OVS_DATAPATH_FAMILY);
        NetlinkMessage datapath = header(0);
        datapath.add_text(OVS_DP_ATTR_NAME, "o0").add<std::uint32_t>(OVS_DP_ATTR_UPCALL_PID, 0);
        datapaths.request(OVS_DP_CMD_NEW, datapath, "a datapath");
        index_ = static_cast<int>(::if_nametoindex("o0"));
        add_port("v0", OVS_VPORT_TYPE_NETDEV, 1);
        add_port("l0", OVS_VPORT_TYPE_INTERNAL, 2);
        for (const std::uint32_t from : {1, 2})
            for (const int protocol : {ETH_P_IP, ETH_P_IPV6})
                add_flow(from, protocol, 3 - from);
    }

private:
    static int load(const Side& side) {
        side.ns.run("modprobe openvswitch");
        return 0;
    }
    static NetlinkMessage header(int index) {
        NetlinkMessage message;
        const ovs_header own{index};
        message.put(&own, sizeof(own));
        return message;
    }
    void add_port(const std::string& name, std::uint32_t type, std::uint32_t number) const {
        NetlinkFamily ports(OVS_VPORT_FAMILY);
        auto port = header(index_);
        port.add_text(OVS_VPORT_ATTR_NAME, name)
            .add<std::uint32_t>(OVS_VPORT_ATTR_TYPE, type)
            .add<std::uint32_t>(OVS_VPORT_ATTR_PORT_NO, number)
            .add<std::uint32_t>(OVS_VPORT_ATTR_UPCALL_PID, 0);
        ports.request(OVS_VPORT_CMD_NEW, port, "port " + name);
    }
    // The key, or which bits of it matter: port and protocol do.
    static NetlinkMessage match(std::uint32_t port, int protocol, std::uint16_t protocol_bits) {
        NetlinkMessage key;
        key.add<std::uint32_t>(OVS_KEY_ATTR_IN_PORT, port)
            .add(OVS_KEY_ATTR_ETHERNET, ovs_key_ethernet{})
            .add<std::uint16_t>(OVS_KEY_ATTR_ETHERTYPE, protocol_bits);
        if (protocol == ETH_P_IP)
            key.add(OVS_KEY_ATTR_IPV4, ovs_key_ipv4{});
        else
            key.add(OVS_KEY_ATTR_IPV6, ovs_key_ipv6{});
        return key;
    }
    void add_flow(std::uint32_t from, int protocol, std::uint32_t to) {
        NetlinkMessage actions;
        actions.add<std::uint32_t>(OVS_ACTION_ATTR_OUTPUT, to);
        auto flow = header(index_);
        flow.add_nest(OVS_FLOW_ATTR_KEY,
                      match(from, protocol, htons(static_cast<std::uint16_t>(protocol))))
            .add_nest(OVS_FLOW_ATTR_MASK, match(~0U, protocol, 0xffff))
            .add_nest(OVS_FLOW_ATTR_ACTIONS, actions);
        flows_.request(OVS_FLOW_CMD_NEW, flow, "a flow");
    }

    Inside inside_;
    NetlinkFamily flows_;
    int index_ = 0;
};

// Its own frames are of one size, and counted among those sent.
class LinkRing : public LinkMedium {
protected:
    static Flow own_frames(const Side& side) {
        const auto before = device_counters(side.ns, own_device).out;
        Flow frames;
        eventually([&] {
            frames = device_counters(side.ns, own_device).out - before;
            return frames.packets > 0;
        });
        return frames;
    }
    void compare_ring(const std::string& more) {
        const Pair pair;
        add_veth(pair.a.ns, "v1", "02:00:00:00:07:0a", pair.b.ns, "v1", "02:00:00:00:07:0b");
        if (!make(pair, [&](const Side& side, bool) {
                side.ns.ip("addr flush dev v0\nlink add l0 type hsr slave1 v0 slave2 v1 " + more +
                           "\n");
            }))
            GTEST_SKIP() << "no hsr in this kernel";
        raise_side(pair.a, true, Frames::ethernet, "02:00:00:00:00:0b");
        raise_side(pair.b, false, Frames::ethernet, "02:00:00:00:00:0a");
        const auto frames = own_frames(pair.a);
        const auto size = frames.bytes / frames.packets;
        Ledger ledger({[&] { return device_counters(pair.a.ns, own_device); },
                       [&] { return device_counters(pair.b.ns, own_device); }});
        const Talk talk(pair, inner());
        compare_settled(
            "received", [&] { return ledger.carried().in; },
            [&] { return ledger.credited().both().in; });
        // All that is sent is received.
        compare_settled(
            "sent, packets", [&] { return ledger.carried().in.packets; },
            [&] { return ledger.credited().both().out.packets; });
        Flow sent;
        compare_settled(
            "sent, bytes",
            [&] {
                sent = ledger.carried().out;
                return sent.bytes - (sent.packets - ledger.carried().in.packets) * size;
            },
            [&] { return ledger.credited().both().out.bytes; });
    }
};

} // namespace

BOTH_FAMILIES(LinkMedium);

TEST_P(LinkMedium, Tun) {
    compare_tap(
        IFF_TUN, "l0", [](const Side&, bool) {}, Frames::none);
}

TEST_P(LinkMedium, Tap) {
    compare_tap(
        IFF_TAP, "l0",
        [](const Side& side, bool is_a) { side.ns.ip("link set l0 address " + mac(is_a) + "\n"); },
        Frames::ethernet);
}

TEST_P(LinkMedium, VlanOnTap) {
    compare_tap(
        IFF_TAP, "t0",
        [](const Side& side, bool is_a) {
            side.ns.ip("link set t0 up\nlink add l0 address " + mac(is_a) +
                       " link t0 type vlan id 5\n");
        },
        Frames::ethernet);
}

TEST_P(LinkMedium, BondOverTap) {
    compare_tap(
        IFF_TAP, "t0",
        [](const Side& side, bool is_a) {
            side.ns.ip("link add l0 address " + mac(is_a) +
                       " type bond mode active-backup\nlink set t0 master l0\nlink set t0 up\n");
        },
        Frames::ethernet);
}

TEST_P(LinkMedium, BridgeOverTap) {
    compare_tap(
        IFF_TAP, "t0",
        [](const Side& side, bool is_a) {
            side.ns.ip("link add l0 address " + mac(is_a) +
                       " type bridge mcast_snooping 0 forward_delay 0\nlink set t0 master l0\n"
                       "link set t0 up\n");
        },
        Frames::ethernet);
}

TEST_P(LinkMedium, Ppp) {
    try {
        run({"modprobe", "-a", "pppoe", "ppp_generic"});
    } catch (const std::exception&) {
        GTEST_SKIP() << "no PPP over Ethernet in this kernel";
    }
    const Pair pair;
    const PppSession a(pair.a, true);
    const PppSession b(pair.b, false);
    raise(pair, Frames::none);
    compare_devices(pair);
}

TEST_P(LinkMedium, OpenVswitch) {
    {
        const Pair pair;
        for (const auto* side : {&pair.a, &pair.b}) {
            const OpenSwitch bridge(*side);
            side->ns.ip("link set l0 address " + mac(side == &pair.a) + "\n");
        }
        raise(pair, Frames::ethernet);
        compare_devices(pair);
    }
    // In older kernels it has connections tracked, and fragments put together, in every namespace,
    // which other scenarios do not expect.
    EXPECT_TRUE(eventually([] {
        return run({"sh", "-c",
                    "rmmod openvswitch 2>/dev/null; grep -c ^openvswitch /proc/modules || true"}) ==
               "0\n";
    }));
}

// It drops what it has counted.
TEST_P(LinkMedium, Dummy) {
    const Pair pair;
    for (const auto* side : {&pair.a, &pair.b})
        side->ns.ip("link add l0 address " + mac(side == &pair.a) + " type dummy\n");
    raise(pair, Frames::ethernet);
    Ledger ledger({[&] { return device_counters(pair.a.ns, own_device); }});
    Helper sender(pair.a.ns, [&](Channel& test) {
        const Fd socket = udp_socket(family());
        for (const std::size_t size : {1, 100, 1400, 4000})
            send_to(socket, inner().with_port(9), size, 3);
        test.signal();
        test.wait();
    });
    sender.wait();
    ledger.compare();
}

TEST_P(LinkMedium, Netkit) {
    const Pair pair;
    const auto one = [&](const Side& side, bool is_a) {
        if (is_a)
            side.ns.ip("link add l0 type netkit\n");
    };
    if (!make(pair, one))
        GTEST_SKIP() << "no netkit in this kernel";
    pair.a.ns.ip("link set nk0 netns " + pair.b.ns.path() + "\n");
    pair.b.ns.ip("link set nk0 name l0\n");
    raise(pair, Frames::none);
    compare_devices(pair);
}

BOTH_FAMILIES(LinkRing);

TEST_P(LinkRing, Hsr) {
    compare_ring("version 1");
}

TEST_P(LinkRing, Prp) {
    compare_ring("proto 1");
}

TEST_P(LinkMedium, Batadv) {
    const Pair pair;
    const auto mesh = [](const Side& side, bool is_a) {
        side.ns.ip("link add l0 address " + mac(is_a) +
                   " type batadv\nlink set v0 mtu 1600\n"
                   "link set v0 master l0\n");
    };
    if (!make(pair, mesh))
        GTEST_SKIP() << "no batman-adv in this kernel";
    raise(pair, Frames::ethernet);
    // Until each knows by whom the other is reached.
    Helper answering(pair.b.ns, [&](Channel& test) {
        const Fd socket = udp_bound(inner());
        test.send(Address::local_of(socket.get()).port());
        echo(socket);
        test.signal();
        test.wait();
    });
    const auto to = inner().with_port(answering.receive<std::uint16_t>());
    Helper asking(pair.a.ns, [&](Channel& test) {
        const Fd socket = udp_socket(family());
        pollfd ready{socket.get(), POLLIN, 0};
        do
            send_to(socket, to, 100);
        while (::poll(&ready, 1, 200) == 0);
        test.signal();
        test.wait();
    });
    asking.wait();
    compare_devices(pair);
}
