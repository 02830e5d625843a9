// SPDX-License-Identifier: GPL-2.0-only
// The module looks for the socket of a packet before the stack does, and must find the same: for
// every kind of binding, alone and beside all others, for every kind of address that a packet can
// be for, on every kind of interface. Who received says who is to be credited.
#include "lib/guest_test.h"

#include <map>
#include <memory>
#include <sstream>

#include "lib/command.h"
#include "lib/site.h"

using namespace guest;

namespace {

// What each receiver got, by its name.
struct Shares : std::map<std::string, Counters> {};

std::ostream& operator<<(std::ostream& out, const Shares& shares) {
    const char* comma = "";
    for (const auto& [who, counters] : shares) {
        out << comma << who << ' ' << counters;
        comma = ", ";
    }
    return shares.empty() ? out << "nobody" : out;
}

// Datagrams for which the stack of the calling thread's namespace found no socket.
std::uint64_t without_socket() {
    std::uint64_t sum = 0;
    std::istringstream v6(read_file("/proc/thread-self/net/snmp6"));
    for (std::string label, value; v6 >> label >> value;)
        if (label == "Udp6NoPorts" || label == "Udp6IgnoredMulti")
            sum += std::stoull(value);
    std::istringstream v4(read_file("/proc/thread-self/net/snmp"));
    std::string labels;
    for (std::string line; std::getline(v4, line); labels = line) {
        if (line.rfind("Udp:", 0) != 0 || labels.rfind("Udp:", 0) != 0)
            continue;
        std::istringstream words(labels), values(line);
        for (std::string label, value; words >> label && values >> value;)
            if (label == "NoPorts" || label == "IgnoredMulti")
                sum += std::stoull(value);
    }
    return sum;
}

class Lookup : public FamilyTest {
protected:
    // Sends to all addresses: with all sockets, with none, and with each of them alone.
    void compare_all(const Site& site) {
        site_ = site;
        prepare();
        for (auto& receiver : receivers_)
            receiver->open();
        probe_all("all");
        for (auto& receiver : receivers_) {
            receiver->close();
            if (site_.one_by_one)
                probe_all(std::string("less specific than ") + name(receiver->binding()));
        }
        if (!site_.one_by_one)
            probe_all("none");
        for (auto& receiver : receivers_) {
            receiver->open();
            probe_all(std::string(name(receiver->binding())) + " alone");
            receiver->close();
        }
    }

    void number(const std::string& device, const std::string& mac_of_b = "02:00:00:00:00:0b",
                const std::string& device_of_a = "v0") {
        add_all(pair_.b.ns, device, "2");
        add_all(pair_.a.ns, device_of_a, "1");
        for (const std::string prefix : {"10.8.0.", "169.254.8.", "fd08::", "fe80::8:"}) {
            add_neighbour(pair_.a.ns, device_of_a, prefix + "2", mac_of_b);
            add_neighbour(pair_.b.ns, device, prefix + "1", "02:00:00:00:00:0a");
        }
    }

    static void add_all(const Namespace& ns, const std::string& device, const std::string& host) {
        add_address(ns, device, "10.8.0." + host + "/24");
        add_address(ns, device, "169.254.8." + host + "/24");
        add_address(ns, device, "fd08::" + host + "/64");
        add_address(ns, device, "fe80::8:" + host + "/64");
    }

    Pair pair_;

private:
    void prepare() {
        // One more interface, through which nothing comes.
        pair_.b.ns.ip("link add o0 type dummy\nlink set o0 addrgenmode none\nlink set o0 up\n");
        const Inside inside(pair_.b.ns);
        for (const auto& group :
             {site_address(family(), Scope::group, true), other_group(family())}) {
            members_.push_back(udp_bound(Address::any(family())));
            join_group(members_.back(), group, site_.device);
        }
        for (int i = 0; i <= static_cast<int>(Binding::all_families); i++) {
            const auto binding = static_cast<Binding>(i);
            if ((binding == Binding::master && site_.master.empty()) ||
                (binding == Binding::all_families && family() == Family::v6))
                continue;
            receivers_.push_back(
                std::make_unique<SiteReceiver>(pair_.b.ns, site_, family(), binding));
        }
        if (site_.remote)
            remote_ = std::make_unique<SiteSender>(pair_.a.ns, family(), device_of_a_, device_of_a_,
                                                   false);
        own_ = std::make_unique<SiteSender>(pair_.b.ns, family(), site_.device, site_.master, true);
    }

    void probe_all(const std::string& state) {
        Counters expected;
        Counters got;
        // None waits too long for its next order.
        for (auto& receiver : receivers_)
            receiver->received();
        for (const auto scope : {Scope::global, Scope::link_local, Scope::group, Scope::broadcast,
                                 Scope::all_broadcast, Scope::own_global, Scope::own_link_local,
                                 Scope::loopback, Scope::own_broadcast}) {
            if (!is_there(scope))
                continue;
            before_ = all_credited();
            expected_.clear();
            send_datagrams(scope);
            // A connection within a VRF to what lo carries never comes about: what lo carries
            // belongs to no VRF, so that the answer is for no socket of one (Vrf.LoopbackStaysOut).
            if (!is_for_all(scope) && (scope != Scope::loopback || site_.master.empty()))
                connect(scope);
            if (!eventually([&] { return credited() == expected_; }, milliseconds(1000)))
                compare(state + ", " + name(scope), expected_, credited());
            for (const auto& [who, counters] : expected_)
                expected = expected + counters;
            for (const auto& [who, counters] : credited())
                got = got + counters;
        }
        compare(state, expected, got);
    }

    bool is_there(Scope scope) const {
        if (!site_.remote && !is_own(scope))
            return false;
        if (!is_for_all(scope) || scope == Scope::group)
            return true;
        // A VRF has none of lo's.
        return family() == Family::v4 && (is_own(scope) ? site_.master.empty() : site_.broadcasts);
    }

    // Also within a VRF lo carries what is for the loopback address or, of IPv6, a link-local one.
    std::size_t header_own(Scope scope) const {
        if (scope == Scope::loopback || scope == Scope::own_broadcast ||
            (scope == Scope::own_link_local && family() == Family::v6))
            return 0;
        return site_.header_own;
    }
    std::size_t header_in(Scope scope) const {
        return is_own(scope) ? header_own(scope) : site_.header_in;
    }
    std::size_t header_out(Scope scope) const {
        return is_own(scope) ? header_own(scope) : ethernet_header;
    }
    SiteSender& sender(Scope scope) { return is_own(scope) ? *own_ : *remote_; }

    void send_datagrams(Scope scope) {
        constexpr unsigned times = 3;
        const std::size_t size = 100 + static_cast<std::size_t>(scope);
        const Inside inside(pair_.b.ns);
        const auto unheard_before = without_socket();
        std::map<SiteReceiver*, unsigned> received;
        sender(scope).datagrams(scope, size, times);
        bool unheard = false;
        EXPECT_TRUE(eventually([&] {
            unheard = without_socket() == unheard_before + times;
            bool done = unheard;
            for (auto& receiver : receivers_) {
                auto& count = received[receiver.get()];
                count += receiver->is_open() ? receiver->received() : 0;
                done = done || count == times;
            }
            return done;
        })) << name(scope);
        auto flow = datagrams(family(), times, size);
        flow.bytes -= times * (ethernet_header - header_in(scope));
        if (unheard)
            expected_["nobody"] = expected_["nobody"] + udp_in(flow);
        else
            credit_one(received, udp_in(flow));
    }

    // Of several that received it, one has it.
    void credit_one(const std::map<SiteReceiver*, unsigned>& received, const Counters& each) {
        std::string who;
        const auto got = received.size() > 1 ? credited() : Shares{};
        for (const auto& [receiver, count] : received)
            if (count && (who.empty() || got.count(name(receiver->binding()))))
                who = name(receiver->binding());
        if (!who.empty())
            expected_[who] = expected_[who] + each;
    }

    Flow segments(std::uint64_t count, std::size_t payload, std::size_t header) const {
        return {count, payload + tcp_syn_options +
                           count * (tcp_overhead(family()) - ethernet_header + header)};
    }

    void connect(Scope scope) {
        if (!sender(scope).connects(scope)) {
            auto reset = segments(1, 0, header_out(scope));
            reset.bytes -= tcp_header - 20 + tcp_syn_options;
            expected_["nobody"] =
                expected_["nobody"] + tcp({reset, segments(1, 0, header_in(scope))});
            return;
        }
        SiteReceiver* server = nullptr;
        ASSERT_TRUE(eventually([&] {
            for (auto& receiver : receivers_)
                if (receiver->is_open() && receiver->accepts()) {
                    server = receiver.get();
                    return true;
                }
            return false;
        })) << name(scope);
        sender(scope).close_first();
        server->finish();
        const auto in = sender(scope).finish();
        const auto out = server->told();
        auto& share = expected_[name(server->binding())];
        share = share + tcp({segments(out.segments_out + 1, site_response, header_out(scope)),
                             segments(in.segments_out, site_request, header_in(scope))});
    }

    Shares all_credited() const {
        Shares shares;
        for (const auto& receiver : receivers_)
            shares[name(receiver->binding())] = ctl.process_counters(receiver->pid());
        shares["nobody"] = module::counters("nosocket");
        return shares;
    }

    // Since the last packets were sent.
    Shares credited() const {
        Shares shares;
        for (const auto& [who, counters] : all_credited()) {
            const auto since = counters - before_.at(who);
            if (!(since == Counters{}))
                shares[who] = since;
        }
        return shares;
    }

    Site site_;
    std::vector<Fd> members_;
    std::vector<std::unique_ptr<SiteReceiver>> receivers_;
    std::unique_ptr<SiteSender> remote_;
    std::unique_ptr<SiteSender> own_;
    Shares before_;
    Shares expected_;

protected:
    std::string device_of_a_ = "v0";
};

} // namespace

BOTH_FAMILIES(Lookup);

TEST_P(Lookup, Veth) {
    number("v0");
    Site site;
    site.one_by_one = true;
    site.device = "v0";
    compare_all(site);
}

TEST_P(Lookup, Dummy) {
    pair_.b.ns.ip("link add l0 type dummy\nlink set l0 addrgenmode none\nlink set l0 up\n");
    add_all(pair_.b.ns, "l0", "2");
    Site site;
    site.device = "l0";
    site.remote = false;
    compare_all(site);
}

TEST_P(Lookup, Bridge) {
    pair_.b.ns.ip("link add l0 address 02:00:00:00:00:0b type bridge mcast_snooping 0\n"
                  "link set l0 addrgenmode none\nlink set v0 master l0\nlink set l0 up\n");
    ASSERT_TRUE(eventually(
        [&] { return pair_.b.ns.run("ip link show l0").find("state UP") != std::string::npos; }));
    number("l0");
    Site site;
    site.device = "l0";
    site.header_in = 0;
    compare_all(site);
}

TEST_P(Lookup, Vlan) {
    for (const auto* side : {&pair_.a, &pair_.b})
        side->ns.ip("link add link v0 name l0 type vlan id 5\nlink set l0 addrgenmode none\n"
                    "link set l0 up\n");
    device_of_a_ = "l0";
    number("l0", "02:00:00:00:00:0b", "l0");
    Site site;
    site.device = "l0";
    site.header_in = 0;
    compare_all(site);
}

TEST_P(Lookup, Macvlan) {
    pair_.b.ns.ip("link add link v0 name l0 address 02:00:00:00:05:0b type macvlan mode bridge\n"
                  "link set l0 addrgenmode none\nlink set l0 up\n");
    number("l0", "02:00:00:00:05:0b");
    Site site;
    site.device = "l0";
    site.broadcasts = false; // v0 below receives each one, and so does a socket by v0
    compare_all(site);
}

class LookupVrf : public Lookup {
protected:
    void compare_vrf(const std::string& accepts) {
        pair_.b.ns.sysctl("ipv4/udp_l3mdev_accept", accepts);
        pair_.b.ns.sysctl("ipv4/tcp_l3mdev_accept", accepts);
        pair_.b.ns.ip("link add r0 type vrf table 10\nlink set r0 addrgenmode none\n"
                      "link set r0 up\nlink set v0 master r0\n");
        add_address(pair_.b.ns, "r0", "127.0.0.1/8");
        add_address(pair_.b.ns, "r0", "::1/128");
        number("v0");
        Site site;
        site.device = "v0";
        site.master = "r0";
        site.header_own = ethernet_header; // the VRF's own
        site.one_by_one = true;
        compare_all(site);
    }
};

BOTH_FAMILIES(LookupVrf);

TEST_P(LookupVrf, Apart) {
    compare_vrf("0");
}

TEST_P(LookupVrf, AcceptedByAll) {
    compare_vrf("1");
}
