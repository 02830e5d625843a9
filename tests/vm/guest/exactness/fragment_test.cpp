// SPDX-License-Identifier: GPL-2.0-only
// Datagrams of which fragments come late, or not at all: each fragment counts once, whatever the
// stack waits for and however many others come meanwhile.
#include "lib/guest_test.h"

#include "lib/command.h"
#include "lib/packet.h"

using namespace guest;

namespace {

struct Way {
    Family family;
    bool tracked; // so that the stack puts datagrams together before it routes them
};

constexpr std::uint16_t port = 5000;
constexpr std::size_t size = 1600;
constexpr unsigned room = 536; // of three fragments
constexpr unsigned fragments = 3;

// How long records may outlive the stack's own time of a second, at most.
constexpr milliseconds soon_over{8500};

void track(const Namespace& ns, bool on) {
    if (on)
        ns.nft("table inet tracked { chain c { type filter hook prerouting priority 0; "
               "ct state new counter; }; }");
    else
        ns.nft("delete table inet tracked");
}

class Fragments : public GuestTest, public testing::WithParamInterface<Way> {
protected:
    static Family family() { return GetParam().family; }
    // Does LOCAL_IN get whole datagrams?
    static bool whole() { return family() == Family::v4 || GetParam().tracked; }

    // What the stack waits for fragments: a sysctl that depends on who waits.
    static void stack_time(const Namespace& ns, const std::string& seconds) {
        if (family() == Family::v4)
            ns.sysctl("ipv4/ipfrag_time", seconds);
        else if (GetParam().tracked)
            ns.sysctl("netfilter/nf_conntrack_frag6_timeout", seconds);
        else
            ns.sysctl("ipv6/ip6frag_time", seconds);
    }
    static void stack_memory(const Namespace& ns, const std::string& bytes) {
        if (family() == Family::v4) {
            ns.sysctl("ipv4/ipfrag_max_dist", "0"); // how many others may come in between
            ns.sysctl("ipv4/ipfrag_high_thresh", bytes);
        } else if (GetParam().tracked) {
            // Older kernels let none have more than the host.
            write_file("/proc/sys/net/netfilter/nf_conntrack_frag6_high_thresh", bytes);
            ns.sysctl("netfilter/nf_conntrack_frag6_high_thresh", bytes);
        } else {
            ns.sysctl("ipv6/ip6frag_high_thresh", bytes);
        }
    }
    static std::uint64_t evicted() {
        return module::Status::read().number("records of fragments", 1);
    }
    static void turn(bool on) {
        write_file("/sys/module/netatop/parameters/enabled", on ? "1" : "0");
    }
};

// Two hosts, the second one with a process that receives datagrams of three fragments.
class Scene {
public:
    explicit Scene(const Way& way)
        : ends{pair.a.at(way.family, 1024), pair.b.at(way.family, port)},
          receiver(pair.b.ns,
                   [this](Channel& test) {
                       const Fd socket = udp_bound(ends.to);
                       test.signal();
                       for (;;) {
                           test.wait();
                           test.send(receive(socket));
                       }
                   }),
          way_(pair.a, way.family) {
        receiver.wait();
        if (way.tracked)
            track(pair.b.ns, true);
    }

    static Bytes datagram(const Ends& ends) {
        const auto packet = udp_packet(ends, size);
        return {packet.begin() + static_cast<std::ptrdiff_t>(ip_header(ends.to.family())),
                packet.end()};
    }
    void send(unsigned id, unsigned number, int protocol = IPPROTO_UDP) const {
        const auto all = datagram(ends);
        const unsigned at = number * room;
        const unsigned flag = number + 1 < fragments ? more_fragments : 0;
        const Bytes part(all.begin() + at, all.begin() + at + room);
        if (!way_.send(fragment(ends, {id, at, flag, protocol}, part)))
            fail("send a fragment");
    }
    // Fragments of so many datagrams of which nothing else comes.
    void flood(unsigned times) const {
        for (unsigned id = 0; id < times; id++)
            send(1000 + id, 2);
    }
    void expect_datagram() {
        receiver.signal();
        compare("received", std::uint64_t{size}, receiver.receive<std::uint64_t>());
    }
    // What so many fragments are on the device.
    Flow on_wire(unsigned count) const {
        const auto family = ends.to.family();
        const auto header =
            ethernet_header + ip_header(family) + (family == Family::v4 ? 0 : fragment_header);
        return {count, count * (header + room)};
    }
    // All that the second host receives.
    Ledger ledger() const {
        return Ledger({[this] { return Traffic{{}, pair.b.carried().in}; }});
    }

    const Pair pair;
    Ends ends;
    Helper receiver;

private:
    PacketSocket way_;
};

class FragmentsTime : public Fragments {};
class FragmentsSwitch : public Fragments {};

const auto ways = testing::Values(Way{Family::v4, false}, Way{Family::v4, true},
                                  Way{Family::v6, false}, Way{Family::v6, true});

std::string name_of(const testing::TestParamInfo<Way>& given) {
    return std::string(name(given.param.family)) + (given.param.tracked ? "Tracked" : "");
}

} // namespace

INSTANTIATE_TEST_SUITE_P(, Fragments, ways, name_of);
INSTANTIATE_TEST_SUITE_P(, FragmentsTime, ways, name_of);
INSTANTIATE_TEST_SUITE_P(, FragmentsSwitch, ways, name_of);

TEST_P(FragmentsTime, GivenUpWhenTheStackDoes) {
    const Scene scene(GetParam());
    stack_time(scene.pair.b.ns, "1");
    auto ledger = scene.ledger();
    scene.send(1, 1);
    scene.send(1, 2);
    ledger.compare("while they wait");
    compare("class waiting", udp_in(scene.on_wire(2)), ledger.in_class("waiting"));
    eventually([&] { return ledger.in_class("waiting") == Counters{}; }, soon_over);
    compare("class nosocket", udp_in(scene.on_wire(2)), ledger.in_class("nosocket"));
    ledger.compare("given up");
    scene.send(1, 0);
    ledger.compare("the first one, too late");
}

// The time that the stack gives to a datagram is the one when it began to wait.
TEST_P(FragmentsTime, TheTimeChangesMeanwhile) {
    Scene scene(GetParam());
    stack_time(scene.pair.b.ns, "60");
    auto ledger = scene.ledger();
    scene.send(1, 0);
    scene.send(1, 1);
    ledger.compare("while they wait");
    stack_time(scene.pair.b.ns, "1");
    std::this_thread::sleep_for(soon_over);
    ledger.compare("the time of new ones is over");
    scene.send(1, 2);
    scene.expect_datagram();
    expect_process("receiver", scene.receiver.pid(), udp_in(scene.on_wire(fragments)));
    ledger.compare("whole");
}

TEST_P(Fragments, FloodInAnotherNamespace) {
    Scene scene(GetParam());
    const Scene other(GetParam());
    auto ledger = scene.ledger();
    auto other_ledger = other.ledger();
    scene.send(1, 0);
    scene.send(1, 1);
    // More than there once were records for all, and less than the stack has memory for.
    constexpr unsigned flood = 2500;
    other.flood(flood);
    scene.send(1, 2);
    scene.expect_datagram();
    expect_process("receiver", scene.receiver.pid(), udp_in(scene.on_wire(fragments)));
    // The classes are those of both.
    compare("both", scene.on_wire(flood + fragments),
            (ledger.carried() + other_ledger.carried()).in);
    compare("credited", scene.on_wire(flood + fragments), ledger.credited().both().in);
}

// What had to make room is counted, and its datagram becomes whole all the same.
TEST_P(Fragments, FloodInItsOwnNamespace) {
    Scene scene(GetParam());
    stack_memory(scene.pair.b.ns, "100000000");
    auto ledger = scene.ledger();
    const auto before = evicted();
    scene.send(1, 0);
    scene.send(1, 1);
    scene.flood(6000);
    ledger.compare("flooded");
    EXPECT_GT(evicted(), before + 1000);
    scene.send(1, 2);
    scene.expect_datagram();
    if (whole())
        expect_process("receiver", scene.receiver.pid(), udp_in(scene.on_wire(1)));
    ledger.compare("whole");
    scene.send(2, 0);
    scene.send(2, 1);
    scene.send(2, 2);
    scene.expect_datagram();
    ledger.compare("another one");
}

// What the stack has no memory for does not take ours.
TEST_P(Fragments, FloodBeyondTheStacksMemory) {
    if (family() == Family::v6)
        GTEST_SKIP() << "the module does not see what IPv6 refuses";
    const Scene scene(GetParam());
    scene.pair.b.ns.sysctl("ipv4/ipfrag_low_thresh", "100000");
    stack_memory(scene.pair.b.ns, "100000");
    auto ledger = scene.ledger();
    scene.flood(6000);
    ledger.compare("flooded");
    EXPECT_LT(module::Status::read().number("records of fragments"), 500U);
    EXPECT_GT(ledger.in_class("nosocket").udp.in.packets, 5000U);
}

TEST_P(Fragments, NamespaceEnds) {
    // Those of other scenarios end in their own time.
    eventually([] { return module::counters("waiting") == Counters{}; });
    const auto before = module::counters("nosocket");
    const auto waiting = module::counters("waiting");
    Flow sent;
    {
        const Scene scene(GetParam());
        auto ledger = scene.ledger();
        scene.send(1, 1);
        scene.send(2, 2);
        ledger.compare("while they wait");
        sent = scene.on_wire(2);
        compare("class waiting", udp_in(sent), module::counters("waiting") - waiting);
    }
    eventually([&] { return module::counters("nosocket") - before == udp_in(sent); });
    compare("class nosocket", udp_in(sent), module::counters("nosocket") - before);
    compare("class waiting", Counters{}, module::counters("waiting") - waiting);
}

TEST_P(FragmentsSwitch, SwitchedOffMeanwhile) {
    Scene scene(GetParam());
    auto ledger = scene.ledger();
    scene.send(1, 0);
    ledger.compare("while it waits");
    turn(false);
    const auto total = module::counters("total");
    scene.send(1, 1);
    std::this_thread::sleep_for(milliseconds(500));
    compare("the module's total meanwhile", total, module::counters("total"));
    turn(true);
    scene.send(1, 2);
    scene.expect_datagram();
    compare_soon("the module's total", total + udp_in(scene.on_wire(1)),
                 [] { return module::counters("total"); });
}

TEST_P(FragmentsSwitch, OlderThanTheModule) {
    module::unload();
    Scene scene(GetParam());
    scene.send(1, 0);
    scene.send(1, 1);
    std::this_thread::sleep_for(milliseconds(500));
    module::require();
    auto ledger = scene.ledger();
    scene.send(1, 2);
    scene.expect_datagram();
    ledger.compare("since the module is there");
}

// What the stack has begun to put together for one, it does not go on with for another.
TEST_P(FragmentsTime, TrackingBeginsOrEnds) {
    const Scene scene(GetParam());
    stack_time(scene.pair.b.ns, "1");
    auto ledger = scene.ledger();
    scene.send(1, 1);
    ledger.compare("before");
    track(scene.pair.b.ns, !GetParam().tracked);
    scene.send(1, 0);
    scene.send(1, 2);
    ledger.compare("after");
    eventually([&] { return ledger.in_class("waiting") == Counters{}; }, soon_over);
    ledger.compare("given up");
    scene.send(2, 0);
    scene.send(2, 1);
    scene.send(2, 2);
    ledger.compare("another one");
}

TEST_P(Fragments, TheyDisagreeOnTheProtocol) {
    if (family() == Family::v4)
        GTEST_SKIP() << "of IPv4 they are two datagrams then";
    Scene scene(GetParam());
    auto ledger = scene.ledger();
    scene.send(1, 1, IPPROTO_TCP);
    ledger.compare("the second one");
    scene.send(1, 0);
    scene.send(1, 2, IPPROTO_DSTOPTS);
    scene.expect_datagram();
    ledger.compare("whole");
    expect_process("receiver", scene.receiver.pid(), udp_in(scene.on_wire(fragments)));
}
