// SPDX-License-Identifier: GPL-2.0-only
// The command `netatop export`: what it tells engines of metrics is what the devices carried.
#include "lib/guest_test.h"

#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>

#include "lib/command.h"
#include "lib/tool.h"

using namespace guest;

namespace {

constexpr std::size_t size = 20;

// The samples of one exposition.
class Metrics {
public:
    static Metrics read(std::vector<std::string> arguments = {}) {
        arguments.insert(arguments.begin(), {tool, "export"});
        Metrics metrics;
        metrics.lines_ = lines_in(run(arguments));
        return metrics;
    }
    // What all samples of a name add up to that have these words in their labels.
    std::uint64_t sum(const std::string& name, const std::vector<std::string>& labels = {}) const {
        std::uint64_t sum = 0;
        for (const auto& line : lines_) {
            bool wanted = line.rfind(name + "{", 0) == 0 || line.rfind(name + " ", 0) == 0;
            for (const auto& label : labels)
                wanted = wanted && line.find(label) != std::string::npos;
            if (wanted)
                sum += std::stoull(line.substr(line.rfind(' ') + 1));
        }
        return sum;
    }
    // All that a scope carried, of slices, of no task, and what is nobody's yet.
    Traffic all(const std::string& scope) const {
        const std::vector<std::string> labels{"scope=\"" + scope + "\""};
        const auto flow = [&](const std::string& direction) {
            const auto name = "netatop_slice_" + direction;
            return Flow{sum(name + "_packets_total", labels),
                        sum(name + "_bytes_total", labels) +
                            sum("netatop_unsettled_" + direction + "_bytes", labels)};
        };
        return {flow("transmit"), flow("receive")};
    }

private:
    std::vector<std::string> lines_;
};

class Export : public ToolTest<GuestTest> {
protected:
    static constexpr auto slice = "/sys/fs/cgroup/export-test.slice";

    // A cgroup in the slice; false without cgroups.
    bool make_unit(const std::string& name) {
        unit_ = std::string(slice) + "/" + name;
        ::mkdir(slice, 0755);
        ::mkdir(unit_.c_str(), 0755);
        return ::access((unit_ + "/cgroup.procs").c_str(), F_OK) == 0;
    }
    static bool remove(const std::string& path) {
        return eventually([&] { return ::rmdir(path.c_str()) == 0; });
    }
    // Sends so many datagrams there, and ends.
    void send_in_unit(unsigned count) const {
        Helper helper(pair_.a.ns, [this, count](Channel& test) {
            test.wait();
            send_to(udp_socket(Family::v4), pair_.b.at(Family::v4, 9), size, count);
        });
        write_file(unit_ + "/cgroup.procs", std::to_string(helper.pid()));
        helper.signal();
        helper.join();
    }

    const Pair pair_;
    std::string unit_;
};

} // namespace

TEST_F(Export, AllSeriesAreWhatTheDevicesCarried) {
    const auto on_wire = [this] { return pair_.a.carried() + pair_.b.carried(); };
    const auto on_lo = [this] { return device_counters(pair_.a.ns, "lo"); };
    const auto before = Metrics::read();
    const auto wire_before = on_wire();
    const auto lo_before = on_lo();
    TcpParties far(pair_.a.ns, pair_.b.ns, pair_.b.at(Family::v4, 7000),
                   {Family::v4, 100'000, 200'000, 3});
    far.run();
    TcpParties near(pair_.a.ns, pair_.a.ns, Address("::1", 7000), {Family::v6, 1000, 50'000, 3});
    near.run();
    Helper(pair_.a.ns, [this](Channel&) {
        // To itself: who only receives would have to be found first.
        const Fd socket = udp_bound(Address("127.0.0.1", 9));
        send_to(socket, Address("127.0.0.1", 9), size, 5);
        receive(socket, 5);
        const Fd closed(check(::socket(AF_INET, SOCK_STREAM, 0), "socket"));
        const auto to = pair_.b.at(Family::v4, 7);
        EXPECT_EQ(::connect(closed.get(), to.get(), to.size()), -1);
    }).join();
    const auto packets_settled = [&](const Metrics& now) {
        return now.sum("netatop_unsettled_receive_bytes") ==
               before.sum("netatop_unsettled_receive_bytes");
    };
    Metrics now;
    eventually(
        [&] {
            now = Metrics::read();
            return packets_settled(now) &&
                   now.all("wire") - before.all("wire") == on_wire() - wire_before &&
                   now.all("loopback") - before.all("loopback") == on_lo() - lo_before;
        },
        settling);
    compare("wire", on_wire() - wire_before, now.all("wire") - before.all("wire"));
    compare("loopback", on_lo() - lo_before, now.all("loopback") - before.all("loopback"));
    EXPECT_GT(now.sum("netatop_class_transmit_packets_total", {"class=\"nosocket\""}), 0U);
}

TEST_F(Export, AUnitVanishesAndItsSliceKeepsWhatItCarried) {
    if (!make_unit("export-test.service"))
        GTEST_SKIP() << "no cgroup2 in this machine";
    Helper sink_b = sink(pair_.b.ns, pair_.b.at(Family::v4, 9));
    sink_b.wait();
    const std::vector<std::string> labels{"slice=\"export-test.slice\"", "protocol=\"udp\"",
                                          "scope=\"wire\""};
    auto of_unit = labels;
    of_unit.emplace_back("unit=\"export-test.service\"");
    send_in_unit(3);
    const auto expected = datagrams(Family::v4, 3, size);
    const auto running = Metrics::read();
    compare("unit, packets", expected.packets,
            running.sum("netatop_unit_transmit_packets_total", of_unit));
    compare("unit, bytes", expected.bytes,
            running.sum("netatop_unit_transmit_bytes_total", of_unit));
    compare("slice", expected.bytes, running.sum("netatop_slice_transmit_bytes_total", labels));
    ASSERT_TRUE(remove(unit_));
    EXPECT_TRUE(eventually([&] {
        const auto now = Metrics::read();
        compare("slice, whenever", expected.bytes,
                now.sum("netatop_slice_transmit_bytes_total", labels));
        return now.sum("netatop_unit_transmit_bytes_total", of_unit) == 0;
    })) << "the unit is still told";
    EXPECT_TRUE(remove(slice));
}

// It is one of as many as are run: none has a series, and the slice has all that they carried.
TEST_F(Export, TransientUnitsAreInTheirSlice) {
    const std::vector<std::string> labels{"slice=\"export-test.slice\"", "protocol=\"udp\"",
                                          "scope=\"wire\""};
    const auto transient = Metrics::read().sum("netatop_units_transient");
    if (!make_unit("run-u17.service"))
        GTEST_SKIP() << "no cgroup2 in this machine";
    Helper sink_b = sink(pair_.b.ns, pair_.b.at(Family::v4, 9));
    sink_b.wait();
    // A slice of this name may have been there before.
    const auto before = Metrics::read().sum("netatop_slice_transmit_bytes_total", labels);
    send_in_unit(3);
    const auto expected = datagrams(Family::v4, 3, size);
    const auto now = Metrics::read();
    compare("slice", expected.bytes,
            now.sum("netatop_slice_transmit_bytes_total", labels) - before);
    compare("unit", std::uint64_t{0}, now.sum("netatop_unit_transmit_bytes_total", labels));
    compare("transient units", transient + 1, now.sum("netatop_units_transient"));
    EXPECT_TRUE(remove(unit_));
    EXPECT_TRUE(remove(slice));
}

// Both formats, with names that nobody expects, for other parsers to read.
TEST_F(Export, HostileNames) {
    if (!make_unit("q\"\\ \xff\x01.service"))
        GTEST_SKIP() << "no cgroup2 in this machine";
    Helper sink_b = sink(pair_.b.ns, pair_.b.at(Family::v4, 9));
    sink_b.wait();
    send_in_unit(2);
    compare("packets", std::uint64_t{2},
            Metrics::read().sum("netatop_unit_transmit_packets_total",
                                {"unit=\"q\\\"\\\\ ??.service\""}));
    const std::string directory = "/results/metrics";
    ::mkdir(directory.c_str(), 0755);
    std::ofstream(directory + "/prometheus.prom") << run({tool, "export"});
    std::ofstream(directory + "/openmetrics.om") << run({tool, "export", "--openmetrics"});
    EXPECT_TRUE(remove(unit_));
    EXPECT_TRUE(remove(slice));
}

TEST_F(Export, TextfileIsThatOfACollector) {
    const std::string file = "/tmp/netatop.prom";
    run({tool, "export", "--textfile", file});
    const auto text = read_file(file);
    EXPECT_NE(text.find("\nnetatop_accounting_enabled 1\n"), std::string::npos) << text;
    EXPECT_NE(text.find("netatop_table_limit{table=\"cgroups\"} "), std::string::npos) << text;
    const auto said = status_of("export", "nobody");
    EXPECT_NE(said.find("CAP_NET_ADMIN"), std::string::npos) << said;
    EXPECT_NE(said.find("status 4"), std::string::npos) << said;
    const auto nowhere = status_of("export --textfile /nowhere/x.prom");
    EXPECT_NE(nowhere.find("/nowhere/x.prom: its directory must be there"), std::string::npos)
        << nowhere;
}

// The user nobody may not see all: for him the export fails, as it does for all without it.
TEST_F(Export, TextfileThatNobodyReplacesIsRemoved) {
    const std::string directory = "/tmp/collector";
    const std::string file = directory + "/netatop.prom";
    ASSERT_EQ(::mkdir(directory.c_str(), 0777), 0);
    ASSERT_EQ(::chmod(directory.c_str(), 0777), 0);
    run({tool, "export", "--textfile", file});
    const auto said = status_of("export --textfile " + file, "nobody");
    EXPECT_NE(said.find("status 4"), std::string::npos) << said;
    EXPECT_EQ(::access(file.c_str(), F_OK), 0) << "a look that fails once removes nothing";
    struct timespec times[2]{};
    ::clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= 301;
    times[1] = times[0];
    ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
    const auto later = status_of("export --textfile " + file, "nobody");
    EXPECT_NE(later.find("status 4"), std::string::npos) << later;
    EXPECT_NE(later.find(file + " was not replaced for 5 minutes: removed"), std::string::npos)
        << later;
    EXPECT_NE(::access(file.c_str(), F_OK), 0);
    EXPECT_EQ(::rmdir(directory.c_str()), 0) << "something is left";
}
