// netatop-bench: repeats network operations and says how long they took. On a machine whose virtual
// nanosecond is one instruction, that is how many instructions they took.
//
// Output, one line a workload, separated by tabs: the label given, path, workload, operations,
// nanoseconds, and packets that passed LOCAL_IN or LOCAL_OUT.
#include "workload.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

namespace {

// The value of a counter in a file of "name value" lines, or of two lines "Ip: names" "Ip: values".
long read_snmp(const std::string& name) {
    std::ifstream file("/proc/thread-self/net/snmp");
    std::string names, values;

    while (std::getline(file, names) && std::getline(file, values)) {
        std::istringstream name_words(names), value_words(values);
        std::string prefix, word, value;
        name_words >> prefix;
        value_words >> value;
        while (name_words >> word && value_words >> value)
            if (prefix + word == name)
                return std::stol(value);
    }
    fail("no counter " + name);
}

long read_snmp6(const std::string& name) {
    std::ifstream file("/proc/thread-self/net/snmp6");
    std::string word;
    long value = 0;

    while (file >> word >> value)
        if (word == name)
            return value;
    fail("no counter " + name);
}

// Packets that local sockets sent and received in a network namespace.
long read_packets(const Place& place, int family) {
    enter_netns(place.netns);
    const long packets = family == AF_INET
                             ? read_snmp("Ip:InDelivers") + read_snmp("Ip:OutRequests")
                             : read_snmp6("Ip6InDelivers") + read_snmp6("Ip6OutRequests");
    enter_netns("");
    return packets;
}

long read_packets(const Path& path) {
    long packets = read_packets(path.client, path.family);
    if (path.server.netns != path.client.netns)
        packets += read_packets(path.server, path.family);
    return packets;
}

// A profiler outside of the machine recognises the addresses of these two.
extern "C" {
[[gnu::noinline]] void netatop_bench_begin() {
    asm volatile("" ::: "memory");
}
[[gnu::noinline]] void netatop_bench_end() {
    asm volatile("" ::: "memory");
}
}

using Clock = std::chrono::steady_clock;

// Repeated, as what the kernel does meanwhile for itself is not the workload's: the least counts.
constexpr int REPETITIONS = 3;

void measure(const std::string& label, const Path& path, const Recipe& recipe) {
    const auto workload = recipe.make();
    auto least = Clock::duration::max();
    long packets = 0;

    workload->run(recipe.operations);
    for (int i = 0; i < REPETITIONS; i++) {
        ::sleep(1); // what was left behind gets done
        const long before = read_packets(path);
        const auto begin = Clock::now();
        netatop_bench_begin();
        workload->run(recipe.operations);
        netatop_bench_end();
        const auto end = Clock::now();
        if (end - begin < least) {
            least = end - begin;
            packets = read_packets(path) - before;
        }
    }
    std::printf("%s\t%s\t%s\t%ld\t%lld\t%ld\n", label.c_str(), path.name.c_str(),
                recipe.name.c_str(), recipe.operations,
                static_cast<long long>(std::chrono::nanoseconds(least).count()), packets);
    std::fflush(stdout);
}

// The machine's script makes the namespaces and gives them these addresses.
const std::vector<Path> paths = {
    {"lo4", {"", "127.0.0.1"}, {"", "127.0.0.1"}, AF_INET},
    {"lo6", {"", "::1"}, {"", "::1"}, AF_INET6},
    {"veth4", {"left", "10.1.0.1"}, {"right", "10.1.0.2"}, AF_INET},
    {"veth6", {"left", "fd01::1"}, {"right", "fd01::2"}, AF_INET6},
    {"routed4", {"left", "10.2.0.1"}, {"far", "10.3.0.1"}, AF_INET},
};

std::vector<Recipe> recipes_of(const Path& path) {
    std::vector<Recipe> all;

    for (auto recipes : {udp_recipes, thread_recipes, icmp_recipes, tcp_recipes})
        for (Recipe& recipe : recipes(path))
            all.push_back(std::move(recipe));
    return all;
}

} // namespace

// Arguments: a label, then PATH/WORKLOAD, in the order in which to measure.
int main(int argc, char** argv) {
    for (const Path& path : paths) {
        const auto recipes = recipes_of(path);
        for (const Recipe& recipe : recipes)
            for (int i = 2; i < argc; i++)
                if (path.name + "/" + recipe.name == argv[i])
                    measure(argv[1], path, recipe);
    }
    return 0;
}
