// SPDX-License-Identifier: GPL-2.0-only
#include "lib/pair.h"

#include <regex>
#include <sstream>
#include <stdexcept>

#include "lib/command.h"
#include "lib/wait.h"

namespace guest {

namespace {

constexpr auto mac_a = "02:00:00:00:00:0a";
constexpr auto mac_b = "02:00:00:00:00:0b";
constexpr auto mac_router_a = "02:00:00:00:01:0a";
constexpr auto mac_router_b = "02:00:00:00:01:0b";
constexpr std::uint64_t ethernet_header = 14;

// States as /proc/net/tcp writes them.
constexpr auto fin_wait2 = "05";
constexpr auto time_wait = "06";
constexpr auto listening = "0A";

// The drops keep group membership and router discovery off the devices; the counters tell what else
// is neither TCP nor UDP (ICMP errors that a scenario provokes).
constexpr auto quiet_rules = R"(
table inet guest {
    chain output {
        type filter hook output priority 250;
        ip protocol igmp drop
        icmpv6 type { 130, 131, 132, 133, 143 } drop
        oifname != "lo" meta l4proto != { tcp, udp } counter comment "other_out"
    }
    chain input {
        type filter hook input priority 250;
        iifname != "lo" meta l4proto != { tcp, udp } counter comment "other_in"
    }
}
)";

Flow named_counter(const std::string& listing, const std::string& name) {
    const std::regex pattern(R"(counter packets (\d+) bytes (\d+) comment ")" + name);
    std::smatch match;
    if (!std::regex_search(listing, match, pattern))
        throw std::runtime_error("no counter " + name + " in: " + listing);
    Flow flow{std::stoull(match[1]), std::stoull(match[2])};
    flow.bytes += flow.packets * ethernet_header;
    return flow;
}

// ICMP messages of either version that this namespace saw: 0 while no scenario provoked any.
std::uint64_t icmp_messages() {
    std::uint64_t sum = 0;
    std::istringstream v6(read_file("/proc/thread-self/net/snmp6"));
    for (std::string label, value; v6 >> label >> value;)
        if (label == "Icmp6InMsgs" || label == "Icmp6OutMsgs")
            sum += std::stoull(value);
    std::istringstream v4(read_file("/proc/thread-self/net/snmp"));
    for (std::string line; std::getline(v4, line);) {
        std::istringstream words(line);
        std::string label;
        std::uint64_t value = 0;
        words >> label;
        if (label == "Icmp:")
            while (words >> value)
                sum += value;
    }
    return sum;
}

void join_sides(Side& a, Side& b) {
    a.v4 = Address("10.0.0.1", 0);
    a.v6 = Address("fd00::1", 0);
    b.v4 = Address("10.0.0.2", 0);
    b.v6 = Address("fd00::2", 0);
    add_veth(a.ns, a.device, mac_a, b.ns, b.device, mac_b);
    a.ns.ip("addr add 10.0.0.1/24 dev v0\naddr add fd00::1/64 dev v0 nodad\n"
            "neigh add 10.0.0.2 lladdr 02:00:00:00:00:0b dev v0 nud permanent\n"
            "neigh add fd00::2 lladdr 02:00:00:00:00:0b dev v0 nud permanent\n");
    b.ns.ip("addr add 10.0.0.2/24 dev v0\naddr add fd00::2/64 dev v0 nodad\n"
            "neigh add 10.0.0.1 lladdr 02:00:00:00:00:0a dev v0 nud permanent\n"
            "neigh add fd00::1 lladdr 02:00:00:00:00:0a dev v0 nud permanent\n");
}

// One end host of a route: its device, addresses and the router as its gateway.
void join_router(Side& side, const Namespace& router, const std::string& router_device,
                 const std::string& net, const char* mac, const char* router_mac) {
    const std::string v4 = "10.0." + net;
    const std::string v6 = "fd0" + net + "::";
    side.v4 = Address(v4 + ".1", 0);
    side.v6 = Address(v6 + "1", 0);
    add_veth(side.ns, side.device, mac, router, router_device, router_mac);
    add_address(side.ns, side.device, v4 + ".1/24");
    add_address(side.ns, side.device, v6 + "1/64");
    add_address(router, router_device, v4 + ".254/24");
    add_address(router, router_device, v6 + "fe/64");
    add_neighbour(side.ns, side.device, v4 + ".254", router_mac);
    add_neighbour(side.ns, side.device, v6 + "fe", router_mac);
    add_neighbour(router, router_device, v4 + ".1", mac);
    add_neighbour(router, router_device, v6 + "1", mac);
    side.ns.ip("route add default via " + v4 + ".254\nroute add default via " + v6 + "fe\n");
}

// TCP sockets that may send a packet by themselves; those that only wait for their end do not.
bool has_connections(const Namespace& ns) {
    const Inside inside(ns);
    for (const auto* table : {"/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"}) {
        std::istringstream lines(read_file(table));
        std::string line;
        std::getline(lines, line);
        for (std::string slot, local, remote, state;
             lines >> slot >> local >> remote >> state && std::getline(lines, line);)
            if (state != fin_wait2 && state != time_wait && state != listening)
                return true;
    }
    return false;
}

} // namespace

Traffic device_counters(const Namespace& ns, const std::string& device) {
    const Inside inside(ns);
    std::istringstream table(read_file("/proc/thread-self/net/dev"));
    for (std::string line; std::getline(table, line);) {
        const auto colon = line.find(':');
        if (colon == std::string::npos ||
            line.substr(line.find_first_not_of(' '), colon - line.find_first_not_of(' ')) != device)
            continue;
        std::istringstream numbers(line.substr(colon + 1));
        Traffic t;
        std::uint64_t skipped = 0;
        numbers >> t.in.bytes >> t.in.packets;
        for (int i = 0; i < 6; i++)
            numbers >> skipped;
        numbers >> t.out.bytes >> t.out.packets;
        return t;
    }
    throw std::runtime_error("no device " + device);
}

void set_offloads(const Namespace& ns, const std::string& device, bool on) {
    const std::string state = on ? " on" : " off";
    ns.run("ethtool -K " + device + " tso" + state + " gso" + state + " gro" + state +
           " tx-udp-segmentation" + state);
}

Traffic Side::carried() const {
    return device_counters(ns, device) - other_protocols();
}

Traffic Side::other_protocols() const {
    const Inside inside(ns);
    if (icmp_messages() == 0)
        return {};
    const auto listing = guest::run({"nft", "list", "table", "inet", "guest"});
    return {named_counter(listing, "other_out"), named_counter(listing, "other_in")};
}

Pair::Pair(unsigned mtu_size) {
    join_sides(a, b);
    offloads(false);
    if (mtu_size != 1500)
        mtu(mtu_size);
}

void Pair::offloads(bool on) const {
    set_offloads(a.ns, a.device, on);
    set_offloads(b.ns, b.device, on);
}

void Pair::mtu(unsigned size) const {
    const auto line = "link set v0 mtu " + std::to_string(size) + "\n";
    a.ns.ip(line);
    b.ns.ip(line);
}

Route::Route() {
    join_router(a, router, "r0", "1", mac_a, mac_router_a);
    join_router(b, router, "r1", "2", mac_b, mac_router_b);
    router.sysctl("ipv4/ip_forward", "1");
    router.sysctl("ipv6/conf/all/forwarding", "1");
    set_offloads(a.ns, a.device, false);
    set_offloads(b.ns, b.device, false);
    set_offloads(router, "r0", false);
    set_offloads(router, "r1", false);
}

void Route::impair_forth(const std::string& netem) const {
    router.run("tc qdisc replace dev r1 root netem limit 100000 " + netem);
}

void Route::impair_back(const std::string& netem) const {
    router.run("tc qdisc replace dev r0 root netem limit 100000 " + netem);
}

Pair& standard_pair() {
    static Pair pair;
    // Connections of an earlier scenario may still be ending: their packets are not this one's.
    eventually([] { return !has_connections(pair.a.ns) && !has_connections(pair.b.ns); }, settling);
    return pair;
}

void add_veth(const Namespace& from, const std::string& device, const std::string& mac,
              const Namespace& to, const std::string& peer, const std::string& peer_mac) {
    from.ip("link add " + device + " address " + mac + " type veth peer name " + peer +
            " address " + peer_mac + " netns " + to.path() + "\n");
    for (const auto* ns : {&from, &to})
        keep_quiet(*ns);
    for (const auto& [ns, name] : {std::pair{&from, device}, std::pair{&to, peer}}) {
        ns->sysctl("ipv6/conf/" + name + "/router_solicitations", "0");
        ns->sysctl("ipv6/conf/" + name + "/accept_ra", "0");
        ns->ip("link set " + name + " addrgenmode none\nlink set " + name + " up\n");
    }
}

void keep_quiet(const Namespace& ns) {
    ns.nft(std::string("table inet guest\ndelete table inet guest\n") + quiet_rules);
}

void add_address(const Namespace& ns, const std::string& device, const std::string& address) {
    const bool v6 = address.find(':') != std::string::npos;
    ns.ip("addr add " + address + " dev " + device + (v6 ? " nodad" : "") + "\n");
}

void add_neighbour(const Namespace& ns, const std::string& device, const std::string& address,
                   const std::string& mac) {
    ns.ip("neigh add " + address + " lladdr " + mac + " dev " + device + " nud permanent\n");
}

} // namespace guest
