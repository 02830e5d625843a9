// SPDX-License-Identifier: GPL-2.0-only
#include "stage.h"

#include "program.h"
#include "sockets.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace netatop::native {

namespace {

constexpr const char* own = "/proc/thread-self/ns/net";

Result<Descriptor> new_namespace() {
    const Descriptor before(::open(own, O_RDONLY | O_CLOEXEC));
    if (!before || ::unshare(CLONE_NEWNET) != 0)
        return system_error("cannot make a network namespace");
    Descriptor made(::open(own, O_RDONLY | O_CLOEXEC));
    if (!made || ::setns(before.get(), CLONE_NEWNET) != 0)
        return system_error("cannot leave a network namespace");
    return made;
}

// For other programs too, as long as this one lives.
std::string path_of(const Descriptor& netns) {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(netns.get());
}

Status run_all(const std::string& netns, const std::vector<std::vector<std::string>>& commands) {
    const auto inside = Netns::enter(netns);
    if (!inside)
        return inside.error();
    for (const auto& command : commands)
        if (auto done = run(command); !done)
            return done;
    return Done{};
}

Status address(const std::string& netns, const std::string& device, const std::string& last) {
    if (auto done = run_all(netns, {{"ip", "addr", "add", "10.1.0." + last + "/24", "dev", device},
                                    {"ip", "link", "set", "lo", "up"},
                                    {"ip", "link", "set", device, "up"}});
        !done)
        return done;
    if (::access("/proc/sys/net/ipv6", F_OK) == 0)
        // Where IPv6 is switched off this fails, and its paths are left out.
        (void)run_all(netns,
                      {{"ip", "addr", "add", "fd01::" + last + "/64", "dev", device, "nodad"}});
    return Done{};
}

bool usable(const Path& path) {
    const auto inside = Netns::enter(path.server);
    const auto where = Address::parse(path.address, 0);
    return inside && where && bound_socket(*where, SOCK_DGRAM);
}

// The value of a counter in two lines "Ip: names" "Ip: values".
Result<std::uint64_t> packets_v4() {
    std::ifstream file("/proc/thread-self/net/snmp");
    std::string names;
    std::string values;
    std::uint64_t sum = 0;
    int found = 0;
    while (std::getline(file, names) && std::getline(file, values)) {
        std::istringstream name_words(names);
        std::istringstream value_words(values);
        std::string name;
        std::string value;
        name_words >> name;
        value_words >> value;
        if (name != "Ip:")
            continue;
        while (name_words >> name && value_words >> value)
            if (name == "InDelivers" || name == "OutRequests") {
                sum += std::stoull(value);
                ++found;
            }
    }
    if (found != 2)
        return Error{"the kernel does not tell how many packets of IPv4 it carried"};
    return sum;
}

Result<std::uint64_t> packets_v6() {
    std::ifstream file("/proc/thread-self/net/snmp6");
    std::string name;
    std::uint64_t value = 0;
    std::uint64_t sum = 0;
    int found = 0;
    while (file >> name >> value)
        if (name == "Ip6InDelivers" || name == "Ip6OutRequests") {
            sum += value;
            ++found;
        }
    if (found != 2)
        return Error{"the kernel does not tell how many packets of IPv6 it carried"};
    return sum;
}

Result<std::uint64_t> packets_in(const std::string& netns, int family) {
    const auto inside = Netns::enter(netns);
    if (!inside)
        return inside.error();
    return family == AF_INET ? packets_v4() : packets_v6();
}

} // namespace

Result<std::uint64_t> Path::packets() const {
    auto sum = packets_in(client, family);
    if (sum && !remote() && server != client) {
        auto more = packets_in(server, family);
        if (!more)
            return more;
        *sum += *more;
    }
    return sum;
}

Result<Stage> Stage::build() {
    Stage stage;
    for (Descriptor* end : {&stage.left_, &stage.right_}) {
        auto made = new_namespace();
        if (!made)
            return made.error();
        *end = std::move(*made);
    }
    const std::string left = path_of(stage.left_);
    const std::string right = path_of(stage.right_);
    auto done = run_all(left, {{"ip", "link", "add", "right", "type", "veth", "peer", "name",
                                "left", "netns", right}});
    if (done)
        done = address(left, "right", "1");
    if (done)
        done = address(right, "left", "2");
    if (!done)
        return done.error();
    return stage;
}

std::vector<Path> Stage::paths() const {
    const std::string left = path_of(left_);
    const std::string right = path_of(right_);
    std::vector<Path> usable_ones;
    for (const Path& path :
         {Path{"lo4", AF_INET, left, left, "127.0.0.1"}, Path{"lo6", AF_INET6, left, left, "::1"},
          Path{"veth4", AF_INET, left, right, "10.1.0.2"},
          Path{"veth6", AF_INET6, left, right, "fd01::2"}})
        if (usable(path))
            usable_ones.push_back(path);
    return usable_ones;
}

Result<Path> way_to(const std::string& address) {
    const auto parsed = Address::parse(address, 0);
    if (!parsed)
        return parsed.error();
    return Path{"peer", parsed->family(), own, "", address};
}

} // namespace netatop::native
