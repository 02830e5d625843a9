// SPDX-License-Identifier: GPL-2.0-only
// What engines of metrics read: the two formats, whose traffic is in which series, and the file.
#include "collapse.h"
#include "export.h"
#include "textfile.h"

#include "client_fixture.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace netatop::test {

namespace {

namespace fs = std::filesystem;
using std::chrono_literals::operator""s;

Counters tcp_sent(std::uint64_t packets, std::uint64_t bytes) {
    Counters counters;
    counters.tcp_sent = {packets, bytes};
    return counters;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

bool has_line(const std::string& text, const std::string& line) {
    const auto lines = lines_of(text);
    return std::find(lines.begin(), lines.end(), line) != lines.end();
}

// What all samples of one name add up to.
std::uint64_t sum_of(const std::string& text, const std::string& name) {
    std::uint64_t sum = 0;
    for (const auto& line : lines_of(text))
        if (line.rfind(name + '{', 0) == 0 || line.rfind(name + ' ', 0) == 0)
            sum += std::stoull(line.substr(line.rfind(' ') + 1));
    return sum;
}

// A tree of directories, whose inodes are the numbers of cgroups.
class ExportTest : public WithClient {
protected:
    ExportTest() : root_(::testing::TempDir() + "export-cgroups") {
        fs::remove_all(root_);
        fs::create_directories(root_);
        source.connect = kernel.connect();
        source.module = ::testing::TempDir() + "export-module";
        fs::create_directories(source.module + "/parameters");
        std::ofstream(source.module + "/version") << "9.8.7\n";
        std::ofstream(source.module + "/parameters/max_sockets") << "1000\n";
    }
    ~ExportTest() override {
        fs::remove_all(root_);
        fs::remove_all(source.module);
    }
    std::uint64_t id_of(const std::string& path) const {
        fs::create_directories(root_ + path);
        struct stat info {};
        EXPECT_EQ(::stat((root_ + path).c_str(), &info), 0);
        return info.st_ino;
    }
    // The cgroup of a path and all above it.
    Cgroup& at(const std::string& path) {
        const auto id = id_of(path);
        const auto [found, added] = cgroups.try_emplace(id);
        if (added) {
            found->second.id = id;
            if (path != "/") {
                const auto slash = path.rfind('/');
                found->second.parent = at(slash == 0 ? "/" : path.substr(0, slash)).id;
            }
        }
        return cgroups.at(id);
    }
    Shares shares(std::size_t most = 100) {
        Identities identities{Cgroups(root_)};
        return shares_of(cgroups, identities, most);
    }
    static const Share* unit(const Shares& shares, const std::string& name) {
        for (const auto& share : shares.units)
            if (share.unit == name)
                return &share;
        return nullptr;
    }

    CgroupMap cgroups;
    AccountSource source;

private:
    std::string root_;
};

} // namespace

TEST(Exposition, PrometheusText) {
    Exposition exposition(Dialect::prometheus);
    exposition.counter("a_bytes", "what a \"b\" is,\nand \\", "bytes");
    exposition.add({{"x", "1"}, {"none", ""}, {"y", "q\"b\\n\n"}}, 18446744073709551615U);
    exposition.add({}, 0);
    exposition.gauge("b_seconds", "time", "seconds");
    exposition.add_milliseconds({}, 1250);
    exposition.info("c", "versions", {{"version", "1"}});
    EXPECT_EQ(exposition.finish(),
              "# TYPE a_bytes_total counter\n"
              "# HELP a_bytes_total what a \"b\" is,\\nand \\\\\n"
              "a_bytes_total{x=\"1\",y=\"q\\\"b\\\\n?\"} 18446744073709551615\n"
              "a_bytes_total 0\n"
              "# TYPE b_seconds gauge\n"
              "# HELP b_seconds time\n"
              "b_seconds 1.250\n"
              "# TYPE c_info gauge\n"
              "# HELP c_info versions\n"
              "c_info{version=\"1\"} 1\n");
}

// More than are put into the text at once, and one that is longer than that.
TEST(Exposition, ManyAndLongLines) {
    Exposition exposition(Dialect::prometheus);
    exposition.gauge("a", "x");
    std::string expected = "# TYPE a gauge\n# HELP a x\n";
    const LabelText kind({{"kind", "k"}});
    for (unsigned i = 0; i < 300; ++i) {
        const std::string name = i == 150 ? std::string(3000, 'n') : "na\"me" + std::to_string(i);
        exposition.add(LabelText({{"name", name}, {"none", ""}}), kind, std::uint64_t{i} << 50U);
        const std::string shown = i == 150 ? name : "na\\\"me" + std::to_string(i);
        expected += "a{name=\"" + shown + "\",kind=\"k\"} " +
                    std::to_string(std::uint64_t{i} << 50U) + '\n';
        if (i % 100 == 0) {
            exposition.add({{"alone", "1"}}, i);
            expected += "a{alone=\"1\"} " + std::to_string(i) + '\n';
        }
    }
    EXPECT_EQ(exposition.finish(), expected);
}

TEST(Exposition, OpenMetrics) {
    Exposition exposition(Dialect::openmetrics);
    exposition.counter("a_bytes", "a \"b\"", "bytes");
    exposition.add({{"x", "\xff"}}, 3);
    exposition.info("c", "versions", {{"version", "1"}});
    EXPECT_EQ(exposition.finish(), "# TYPE a_bytes counter\n"
                                   "# UNIT a_bytes bytes\n"
                                   "# HELP a_bytes a \\\"b\\\"\n"
                                   "a_bytes_total{x=\"?\"} 3\n"
                                   "# TYPE c info\n"
                                   "# HELP c versions\n"
                                   "c_info{version=\"1\"} 1\n"
                                   "# EOF\n");
}

TEST(Shares, Transient) {
    const auto transient = [](const std::string& path) { return is_transient(workload_of(path)); };
    EXPECT_FALSE(transient("/system.slice/nginx.service"));
    EXPECT_FALSE(transient("/init.scope"));
    EXPECT_FALSE(transient("/user.slice/user-1000.slice/user@1000.service/dbus.service"));
    EXPECT_FALSE(transient("/system.slice/docker-" + std::string(64, 'a') + ".scope"));
    EXPECT_TRUE(transient("/user.slice/user-1000.slice/session-5.scope"));
    EXPECT_TRUE(transient("/system.slice/run-u17.service"));
    EXPECT_TRUE(transient("/user.slice/u.slice/user@1.service/app.slice/app-firefox-4711.scope"));
    EXPECT_TRUE(transient("/user.slice/u.slice/user@1.service/app.slice/app-k@1234.service"));
    EXPECT_TRUE(transient("/system.slice/sshd@3-10.0.0.1:22-10.0.0.9:5123.service"));
    EXPECT_FALSE(transient("/system.slice/openvpn@site-2.service"));
}

TEST_F(ExportTest, SlicesHaveAllBelowThem) {
    at("/").own = tcp_sent(1, 100);
    at("/system.slice").ended_below = tcp_sent(2, 200);
    at("/system.slice/a.service").own = tcp_sent(4, 400);
    at("/system.slice/a.service/inner").own = tcp_sent(8, 800);
    at("/system.slice/a.service/inner").ended_below = tcp_sent(16, 1600);
    at("/user.slice/session-1.scope").own = tcp_sent(32, 3200);
    at("/user.slice/session-1.scope").waiting = tcp_sent(64, 6400);
    const auto found = shares();
    ASSERT_EQ(found.slices.size(), 3U);
    EXPECT_EQ(found.slices.at("/").all().packets, 1U);
    EXPECT_EQ(found.slices.at("system.slice").all().packets, 2U + 4 + 8 + 16);
    EXPECT_EQ(found.slices.at("user.slice").all().bytes, 3200U);
    EXPECT_EQ(found.waiting.all().packets, 64U);
}

// What ended in a slice, or below the manager of a user, were units of their own; what ended in a
// unit was a part of it.
TEST_F(ExportTest, UnitsHaveWhatEndedInThemAndNothingElse) {
    at("/system.slice").ended_below = tcp_sent(1, 100);
    at("/system.slice/a.service").own = tcp_sent(2, 200);
    at("/system.slice/a.service").ended_below = tcp_sent(4, 400);
    at("/system.slice/a.service/inner").own = tcp_sent(8, 800);
    const std::string user = "/user.slice/user-7.slice/user@7.service";
    at(user).ended_below = tcp_sent(16, 1600);
    at(user + "/app.slice").ended_below = tcp_sent(32, 3200);
    at(user + "/app.slice/mail.service").own = tcp_sent(64, 6400);
    at("/user.slice/user-7.slice/session-1.scope").own = tcp_sent(128, 12800);
    at("/system.slice/idle.service");
    const auto found = shares();
    ASSERT_EQ(found.units.size(), 2U);
    ASSERT_NE(unit(found, "a.service"), nullptr);
    EXPECT_EQ(unit(found, "a.service")->counters.all().packets, 2U + 4 + 8);
    EXPECT_EQ(unit(found, "a.service")->slice, "system.slice");
    ASSERT_NE(unit(found, "user@7.service/mail.service"), nullptr);
    EXPECT_EQ(unit(found, "user@7.service/mail.service")->counters.all().packets, 64U);
    EXPECT_EQ(found.units[0].unit, "user@7.service/mail.service") << "the largest first";
}

TEST_F(ExportTest, ContainersAreTold) {
    const std::string id(64, 'c');
    at("/system.slice/docker-" + id + ".scope").own = tcp_sent(3, 300);
    const auto found = shares();
    ASSERT_EQ(found.units.size(), 1U);
    EXPECT_EQ(found.units[0].container, id);
    EXPECT_EQ(found.units[0].engine, "docker");
}

// What those carried that are there would become less with the first that ends; how many there are
// may.
TEST_F(ExportTest, TransientUnitsAreInTheirSliceAndCounted) {
    at("/system.slice/a.service").own = tcp_sent(1, 100);
    at("/system.slice/run-u1.service").own = tcp_sent(2, 200);
    at("/system.slice/run-u1.service/inner").own = tcp_sent(4, 400);
    at("/system.slice/sshd@7-10.0.0.1:22-10.0.0.9:4000.service").own = tcp_sent(8, 800);
    at("/user.slice/user-7.slice/session-1.scope").own = tcp_sent(16, 1600);
    Account account;
    account.shares = shares();
    const auto text = exposition_of(account, Dialect::prometheus);
    EXPECT_TRUE(has_line(text, "netatop_units_transient 3")) << text;
    EXPECT_EQ(sum_of(text, "netatop_unit_transmit_bytes_total"), 100U) << text;
    EXPECT_EQ(sum_of(text, "netatop_slice_transmit_bytes_total"), 3100U) << text;
    account.upkeep.emplace();
    EXPECT_EQ(exposition_of(account, Dialect::prometheus).find("units_transient"),
              std::string::npos);
}

TEST_F(ExportTest, NoMoreUnitsThanAskedFor) {
    for (unsigned i = 1; i <= 5; i++)
        at("/system.slice/" + std::string(1, static_cast<char>('a' + i)) + ".service").own =
            tcp_sent(i, i);
    const auto found = shares(2);
    ASSERT_EQ(found.units.size(), 2U);
    EXPECT_EQ(found.units[0].unit, "f.service");
    EXPECT_EQ(found.units[1].unit, "e.service");
    EXPECT_EQ(found.left_out, 3U);
}

// A directory that is gone is known by those above it; what the kernel says may go round in a
// circle.
TEST_F(ExportTest, CgroupsWithoutPathAndCircles) {
    const auto above = at("/system.slice").id;
    const auto gone = at("/other.slice").id;
    cgroups.at(gone).own = tcp_sent(8, 80);
    fs::remove_all(::testing::TempDir() + "export-cgroups/other.slice");
    cgroups[1ULL << 60U] = {1ULL << 60U, above, tcp_sent(5, 500), {}, {}};
    cgroups[1ULL << 61U] = {1ULL << 61U, 1ULL << 62U, tcp_sent(1, 10), {}, {}};
    cgroups[1ULL << 62U] = {1ULL << 62U, 1ULL << 61U, tcp_sent(2, 20), {}, {}};
    const auto found = shares();
    EXPECT_EQ(found.slices.at("system.slice").all().packets, 5U);
    EXPECT_EQ(found.slices.at("/").all().packets, 3U + 8);
    EXPECT_TRUE(found.units.empty());
}

// Two names that differ in what no label can hold are one series.
TEST_F(ExportTest, HostileNamesMakeNoSeriesTwice) {
    at("/system.slice/a\x01.service").own = tcp_sent(1, 10);
    at("/system.slice/a\x02.service").own = tcp_sent(2, 20);
    at("/system.slice/q\"\\.service").own = tcp_sent(4, 40);
    Account account;
    account.shares = shares();
    const auto text = exposition_of(account, Dialect::prometheus);
    EXPECT_TRUE(has_line(text, "netatop_unit_transmit_packets_total{slice=\"system.slice\","
                               "unit=\"a?.service\",protocol=\"tcp\",scope=\"wire\"} 3"))
        << text;
    EXPECT_TRUE(has_line(text, "netatop_unit_transmit_bytes_total{slice=\"system.slice\","
                               "unit=\"q\\\"\\\\.service\",protocol=\"tcp\",scope=\"wire\"} 40"));
    auto lines = lines_of(text);
    for (auto& line : lines)
        line = line.substr(0, line.rfind(' '));
    std::sort(lines.begin(), lines.end());
    EXPECT_EQ(std::adjacent_find(lines.begin(), lines.end()), lines.end());
}

TEST_F(ExportTest, AFamilyIsWhatTheInterfacesCarried) {
    Counters both;
    both.udp_received = {10, 1000};
    both.loopback_udp_received = {4, 400};
    at("/system.slice/a.service").own = both;
    at("/user.slice/x.scope").own = both;
    at("/user.slice/x.scope").waiting = tcp_sent(1, 70);
    Account account;
    account.shares = shares();
    account.total.kernel = tcp_sent(2, 80);
    account.total.nosocket.udp_received = {1, 60};
    account.total.overflow.udp_received = {1, 50};
    account.total.gone = tcp_sent(9, 900); // in the cgroups' sums already
    account.total.nocgroup.udp_received = {1, 40};
    const auto text = exposition_of(account, Dialect::prometheus);
    EXPECT_EQ(sum_of(text, "netatop_slice_receive_bytes_total"), 2000U + 60 + 50);
    EXPECT_EQ(sum_of(text, "netatop_slice_receive_packets_total"), 20U + 1 + 1);
    EXPECT_EQ(sum_of(text, "netatop_slice_transmit_bytes_total"), 80U);
    EXPECT_EQ(sum_of(text, "netatop_unsettled_transmit_bytes"), 70U);
    EXPECT_EQ(sum_of(text, "netatop_unsettled_receive_bytes"), 40U);
    EXPECT_EQ(sum_of(text, "netatop_class_transmit_bytes_total"), 80U + 900);
    EXPECT_TRUE(has_line(text, "netatop_slice_receive_bytes_total{slice=\"system.slice\","
                               "protocol=\"udp\",scope=\"wire\"} 600"))
        << text;
    EXPECT_TRUE(has_line(text, "netatop_slice_receive_bytes_total{slice=\"system.slice\","
                               "protocol=\"udp\",scope=\"loopback\"} 400"));
    EXPECT_TRUE(has_line(text, "netatop_slice_receive_bytes_total{class=\"nosocket\",protocol="
                               "\"udp\",scope=\"wire\"} 60"));
}

// One that ended between two looks is told by the one above it: what was seen before is not taken.
TEST_F(ExportTest, NoCgroupIsToldTwiceWhenItEnds) {
    const auto top = id_of("/");
    const auto slice = id_of("/system.slice");
    const auto ending = id_of("/system.slice/a.service");
    const Bytes with =
        cgroup(top, 0, 10) + cgroup(slice, top, 100, 5000) + cgroup(ending, slice, 5000);
    const Bytes without = cgroup(top, 0, 10) + cgroup(slice, top, 100, 5000);
    kernel.script(
        {family(), generic(NETATOP_CMD_TOTAL,
                           counters(1) + attribute(NETATOP_A_SOCKETS, raw(std::uint64_t{7})), 2)});
    for (const auto& dump : {with, without, without})
        kernel.script({dump, done()});
    Identities identities{Cgroups(fs::path(::testing::TempDir() + "export-cgroups"))};
    const auto account = gather(source, identities);
    ASSERT_TRUE(account) << account.error().text;
    EXPECT_EQ(account->shares.slices.at("system.slice").tcp_sent, (Flow{100 + 5000, 101 + 5001}));
    EXPECT_EQ(account->total.sockets, 7U);
    EXPECT_EQ(account->most_sockets, 1000U);
    EXPECT_FALSE(account->most_tasks);
    EXPECT_EQ(account->module_version, "9.8.7");
    const auto text = exposition_of(*account, Dialect::openmetrics);
    EXPECT_TRUE(has_line(text, "netatop_table_entries{table=\"sockets\"} 7"));
    EXPECT_TRUE(has_line(text, "netatop_table_limit{table=\"sockets\"} 1000"));
    EXPECT_EQ(text.find("netatop_table_limit{table=\"tasks\"}"), std::string::npos);
    EXPECT_NE(text.find("module_version=\"9.8.7\""), std::string::npos);
}

// The one above was delivered, and then this one ended, before its turn: the first look tells of
// it nowhere. What it had carried must not be missing for once, for a slice never goes down.
TEST_F(ExportTest, NoCgroupIsMissingWhenItEnds) {
    const auto top = id_of("/");
    const auto slice = id_of("/system.slice");
    const Bytes torn = cgroup(top, 0, 10) + cgroup(slice, top, 100);
    const Bytes whole = cgroup(top, 0, 10) + cgroup(slice, top, 100, 5000);
    kernel.script({family(), generic(NETATOP_CMD_TOTAL, counters(1), 2)});
    for (const auto& dump : {torn, whole, whole})
        kernel.script({dump, done()});
    Identities identities{Cgroups(fs::path(::testing::TempDir() + "export-cgroups"))};
    const auto account = gather(source, identities);
    ASSERT_TRUE(account) << account.error().text;
    EXPECT_EQ(account->shares.slices.at("system.slice").tcp_sent, (Flow{100 + 5000, 101 + 5001}));
}

// When each look differs from the one before, none of them can be told.
TEST_F(ExportTest, NothingIsToldWhenCgroupsNeverSettle) {
    const auto top = id_of("/");
    kernel.script({family(), generic(NETATOP_CMD_TOTAL, counters(1), 2)});
    for (std::uint64_t ended = 1; ended <= 6; ++ended)
        kernel.script({cgroup(top, 0, 10, ended), done()});
    Identities identities;
    const auto account = gather(source, identities);
    ASSERT_FALSE(account);
    EXPECT_NE(account.error().text.find("try again"), std::string::npos) << account.error().text;
}

TEST_F(ExportTest, ErrorsAreThoseOfTheKernel) {
    Identities identities;
    kernel.script({family()});
    kernel.script({error(EPERM)});
    const auto refused = gather(source, identities);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().cause, Cause::privilege);
    kernel.script({family(), generic(NETATOP_CMD_TOTAL, Bytes(), 2)});
    kernel.script({done()});
    kernel.script({done()});
    const auto malformed = gather(source, identities);
    ASSERT_FALSE(malformed);
    EXPECT_EQ(malformed.error().cause, Cause::version);
}

TEST(Textfile, IsRemovedWhenStale) {
    const std::string directory = ::testing::TempDir() + "textfile-stale";
    fs::remove_all(directory);
    fs::create_directory(directory);
    const std::string file = directory + "/n.prom";
    EXPECT_FALSE(remove_stale(file, 300s)) << "there is none";
    ASSERT_TRUE(replace_file(file, "x"));
    EXPECT_FALSE(remove_stale(file, 300s));
    fs::last_write_time(file, fs::file_time_type::clock::now() - 290s);
    EXPECT_FALSE(remove_stale(file, 300s));
    EXPECT_TRUE(fs::exists(file));
    fs::last_write_time(file, fs::file_time_type::clock::now() - 310s);
    EXPECT_TRUE(remove_stale(file, 300s));
    EXPECT_FALSE(fs::exists(file));
    EXPECT_FALSE(remove_stale(directory, 0s)) << "not a file";
    fs::remove_all(directory);
}

TEST(Textfile, IsReplacedAsAWhole) {
    const std::string directory = ::testing::TempDir() + "textfile";
    fs::remove_all(directory);
    const std::string file = directory + "/netatop.prom";
    const auto nowhere = replace_file(file, "x");
    ASSERT_FALSE(nowhere);
    EXPECT_NE(nowhere.error().text.find("directory must be there"), std::string::npos);
    fs::create_directories(directory);
    const std::string text(100'000, 'y');
    for (const auto& wanted : {text, std::string("short\n")}) {
        ASSERT_TRUE(replace_file(file, wanted));
        std::ifstream in(file);
        std::ostringstream got;
        got << in.rdbuf();
        EXPECT_EQ(got.str(), wanted);
    }
    struct stat info {};
    ASSERT_EQ(::stat(file.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0644U);
    fs::remove(file);
    fs::create_directories(file); // nothing can be renamed to that
    EXPECT_FALSE(replace_file(file, "x"));
    EXPECT_EQ(std::distance(fs::directory_iterator(directory), fs::directory_iterator()), 1)
        << "something is left";
    fs::remove_all(directory);
}

TEST(ExportCommand, Usage) {
    const int usage = static_cast<int>(Cause::usage);
    EXPECT_EQ(export_command({"--openmetrics", "--textfile", "/tmp/x"}), usage);
    EXPECT_EQ(export_command({"--max-units", "many"}), usage);
    EXPECT_EQ(export_command({"operand"}), usage);
}

} // namespace netatop::test
