// netatop-bench: repeats network operations and says how long they took. On a machine whose virtual
// nanosecond is one instruction, that is how many instructions they took.
//
// Each workload is measured with each variant, a module or none, in turn. Output, one line a
// measurement, separated by tabs: variant, path, workload, operations, nanoseconds, and packets
// that passed LOCAL_IN or LOCAL_OUT.
#include "module.h"
#include "workload.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

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

// Sleeps for a second, in which what was left behind gets done, and on until a moment that is none
// of the full seconds, when the kernel does some things, and that each of ten times lies
// differently between two of its ticks (4 ms).
void pause_before(int repetition) {
    timespec until{};

    ::clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 2;
    until.tv_nsec = 300000000 + repetition % 10 * 400000L;
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

// Memory of packets. The kernel gives that of one packet fast or slowly, by what its caches hold
// just then, which anything allocated since boot decides: each repetition finds one packet more in
// use.
class HeldPackets {
public:
    void add() {
        ends_.push_back(open_socket(here_, SOCK_STREAM));
        connect_to(ends_.back(), name_of(listening_));
        send_all(ends_.back(), 1);
        ends_.push_back(accept_from(listening_));
    }

private:
    const Place here_{"", "127.0.0.1"};
    Fd listening_ = listener(here_);
    std::vector<Fd> ends_;
};

// Repeated, as what the kernel does meanwhile for itself is not the workload's: the least counts.
void measure(const std::string& variant, const Path& path, const Recipe& recipe) {
    const auto workload = recipe.make();
    auto least = Clock::duration::max();
    HeldPackets held;
    long packets = 0;

    workload->prepare();
    for (int i = 0; i < recipe.repetitions; i++) {
        held.add();
        pause_before(i);
        workload->run(recipe.lead);
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
    std::printf("%s\t%s\t%s\t%ld\t%lld\t%ld\n", variant.c_str(), path.name.c_str(),
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

struct Task {
    Path path;
    Recipe recipe;
};

// The workloads with these names, PATH/WORKLOAD, by stage.
std::map<size_t, std::vector<Task>> tasks_of(const std::set<std::string>& names) {
    std::map<size_t, std::vector<Task>> stages;

    for (const Path& path : paths)
        for (auto recipes :
             {udp_recipes, thread_recipes, process_recipes, icmp_recipes, tcp_recipes})
            for (const Recipe& recipe : recipes(path))
                if (names.count(path.name + "/" + recipe.name))
                    stages[recipe.stage].push_back({path, recipe});
    return stages;
}

} // namespace

// Arguments: VARIANT=[MODULE[ PARAMETERS]]..., "--", PATH/WORKLOAD...
int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const auto separator = std::find(words.begin(), words.end(), "--");
    const std::vector<Variant> variants(words.begin(), separator);

    if (separator == words.end())
        fail("no workloads");
    std::thread([] {}).join(); // system calls take more instructions once there was a thread
    for (const auto& stage : tasks_of({separator + 1, words.end()}))
        for (const Variant& variant : variants) {
            const LoadedModule module(variant);
            ::sleep(2);
            for (const Task& task : stage.second)
                measure(variant.name, task.path, task.recipe);
        }
    return 0;
}
