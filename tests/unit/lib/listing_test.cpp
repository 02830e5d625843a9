// SPDX-License-Identifier: GPL-2.0-only
// What `netatop list` makes of what the module says.
#include "listing.h"
#include "sample.h"

#include "fake_kernel.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace netatop::test {

namespace {

Counters sent(std::uint64_t bytes) {
    Counters counters;
    counters.tcp_sent = {1, bytes};
    return counters;
}

Entry entry(std::uint32_t pid, const std::string& name, std::uint64_t bytes,
            std::uint32_t uid = 0) {
    Entry result;
    result.task.tgid = pid;
    result.task.name = name;
    result.task.uid = uid;
    result.moved = sent(bytes);
    return result;
}

std::string text_of(const Cell& cell) {
    const auto* text = std::get_if<std::string>(&cell);
    return text == nullptr ? "" : *text;
}

// Name and bytes of each line.
std::string summary(const std::vector<Line>& lines) {
    std::ostringstream text;
    for (const auto& line : lines)
        text << line.shown << ' ' << line.counters.all().bytes << '\n';
    return text.str();
}

class ListingTest : public ::testing::Test {
protected:
    Identities identities;
};

class SampleTest : public ::testing::Test {
protected:
    Sampler start(bool rates, const std::vector<Bytes>& exits = {}) {
        kernel.script({family()});
        if (rates)
            kernel.script(exits);
        SampleOptions options;
        options.rates = rates;
        auto sampler = Sampler::start(options, notes, kernel.connect());
        EXPECT_TRUE(sampler) << (sampler ? "" : sampler.error().text);
        return *std::move(sampler);
    }

    FakeKernel kernel;
    std::ostringstream notes;
};

// A process with one of these counters.
Bytes process(std::uint32_t tgid, std::uint64_t first) {
    return generic(NETATOP_CMD_TASK, attribute(NETATOP_A_TGID, raw(tgid)) + counters(first));
}

Bytes ended(std::uint32_t tgid, std::uint64_t first) {
    return generic(NETATOP_CMD_EXIT,
                   attribute(NETATOP_A_TGID, raw(tgid)) +
                       attribute(NETATOP_A_END, raw(std::uint64_t{5})) + counters(first),
                   0);
}

} // namespace

TEST_F(ListingTest, Groups) {
    const std::vector<Entry> entries{entry(1, "a", 10), entry(2, "b", 20, 1), entry(3, "a", 30, 1)};
    EXPECT_EQ(summary(chosen(lines_of(Kind::commands, entries, identities), {})), "a 40\nb 20\n");
    const auto users = chosen(lines_of(Kind::users, entries, identities), {});
    ASSERT_EQ(users.size(), 2U);
    EXPECT_EQ(users[0].counters.all().bytes, 50U);
    EXPECT_EQ(text_of(users[1].who[0]), "root");
    EXPECT_EQ(std::get<std::uint64_t>(users[0].who[2]), 2U);
    for (const auto kind : {Kind::units, Kind::containers}) {
        const auto lines = lines_of(kind, entries, identities);
        ASSERT_EQ(lines.size(), 1U) << "those outside of any are a line too";
        EXPECT_EQ(lines[0].counters.all().bytes, 60U);
    }
}

TEST_F(ListingTest, EveryLineHasACellForEachColumn) {
    const std::vector<Entry> entries{entry(1, "a", 10)};
    for (const auto kind : {Kind::processes, Kind::trees, Kind::threads, Kind::commands,
                            Kind::users, Kind::units, Kind::containers})
        for (const auto& line : lines_of(kind, entries, identities))
            EXPECT_EQ(line.who.size(), columns_of(kind).size()) << static_cast<int>(kind);
    EXPECT_EQ(lines_of({Class{"gone", {}}})[0].who.size(), columns_of(Kind::classes).size());
}

TEST_F(ListingTest, OrderAndChoice) {
    std::vector<Entry> entries{entry(3, "c", 10), entry(1, "b", 30), entry(2, "a", 20)};
    entries[0].moved.udp_received = {100, 5};
    const auto in_order = [&](const Choice& choice) {
        return summary(chosen(lines_of(Kind::processes, entries, identities), choice));
    };
    EXPECT_EQ(in_order({}), "b 30\na 20\nc 15\n");
    EXPECT_EQ(in_order({Sort::received}), "c 15\nb 30\na 20\n");
    EXPECT_EQ(in_order({Sort::packets}), "c 15\nb 30\na 20\n");
    EXPECT_EQ(in_order({Sort::pid}), "b 30\na 20\nc 15\n");
    EXPECT_EQ(in_order({Sort::name}), "a 20\nb 30\nc 15\n");
    EXPECT_EQ(in_order({Sort::bytes, 1}), "b 30\n");
    EXPECT_EQ(in_order({Sort::bytes, 0, 20}), "b 30\na 20\n");
}

TEST_F(ListingTest, Trees) {
    const std::map<std::uint32_t, Process> processes{{1, {0, "init"}},
                                                     {10, {1, "shell"}},
                                                     {11, {10, "curl"}},
                                                     {12, {10, "wget"}},
                                                     {20, {1, "idle"}}};
    std::vector<Entry> entries{entry(11, "curl", 5), entry(12, "wget", 7), entry(10, "shell", 1),
                               entry(99, "gone", 3)};
    entries[3].task.end = 5;
    EXPECT_EQ(summary(chosen(tree_lines(entries, processes, identities), {})),
              "init 13\n  shell 13\n    wget 7\n    curl 5\n<gone> 3\n");
}

// Of one that only stands above others nothing is known but its number and its name.
TEST_F(ListingTest, StartOfWhoCarriedNothing) {
    const std::map<std::uint32_t, Process> processes{{10, {0, "shell"}}, {11, {10, "curl"}}};
    std::vector<Entry> entries{entry(11, "curl", 5)};
    entries[0].task.start = 1;
    const auto lines = tree_lines(entries, processes, identities);
    ASSERT_EQ(lines.size(), 2U);
    const auto columns = columns_of(Kind::trees);
    const auto started =
        std::find_if(columns.begin(), columns.end(),
                     [](const Column& column) { return column.name == "started"; }) -
        columns.begin();
    const auto place = static_cast<std::size_t>(started);
    EXPECT_TRUE(std::holds_alternative<std::uint64_t>(lines[0].who[place]));
    EXPECT_TRUE(std::holds_alternative<std::monostate>(lines[1].who[place]));
}

TEST_F(ListingTest, TreesWithACircle) {
    const std::map<std::uint32_t, Process> processes{{1, {2, "a"}}, {2, {1, "b"}}, {3, {3, "c"}}};
    const auto lines = chosen(
        tree_lines({entry(1, "a", 5), entry(2, "b", 7), entry(3, "c", 1)}, processes, identities),
        {});
    EXPECT_EQ(lines.size(), 3U);
}

TEST_F(ListingTest, Filters) {
    const Task task = entry(7, "curl", 1, 1000).task;
    const auto takes = [&](auto set) {
        Filter filter;
        set(filter);
        return filter.takes(task, identities);
    };
    EXPECT_TRUE(takes([](Filter&) {}));
    EXPECT_TRUE(takes([](Filter& f) { f.pid = 7; }));
    EXPECT_FALSE(takes([](Filter& f) { f.pid = 8; }));
    EXPECT_TRUE(takes([](Filter& f) { f.uid = 1000; }));
    EXPECT_FALSE(takes([](Filter& f) { f.uid = 0; }));
    EXPECT_TRUE(takes([](Filter& f) { f.command = "c*l"; }));
    EXPECT_FALSE(takes([](Filter& f) { f.command = "cur"; }));
    EXPECT_FALSE(takes([](Filter& f) { f.unit = "nginx.service"; }));
    EXPECT_FALSE(takes([](Filter& f) { f.container = "0"; }));
}

TEST(Stat, NamesWithBrackets) {
    const auto process = parse_stat("12 (a) S (b) R 7 12 12 0");
    EXPECT_EQ(process.name, "a) S (b");
    EXPECT_EQ(process.parent, 7U);
    for (const char* wrong : {"", "12 a S 7", "12 )a( S 7", "12 (a) S"})
        EXPECT_EQ(parse_stat(wrong).parent, 0U) << wrong;
    const auto all = all_processes();
    EXPECT_EQ(all.count(static_cast<std::uint32_t>(::getpid())), 1U);
}

TEST(Rights, AreThoseOfTheInitialUserNamespace) {
    const std::string process = ::testing::TempDir() + "/rights";
    std::filesystem::remove_all(process); // of an earlier run
    std::filesystem::create_directories(process + "/ns");
    std::ofstream(process + "/status") << "CapPrm:\t0000000000001000\nCapEff:\t0000000000001000\n";
    EXPECT_FALSE(sees_all(process)) << "no namespace";
    std::ofstream(process + "/ns/user") << "";
    EXPECT_FALSE(sees_all(process)) << "another namespace";
    std::filesystem::remove(process + "/ns/user");
    std::filesystem::create_symlink("/proc/self/ns/user", process + "/ns/user");
    struct stat space {};
    if (::stat("/proc/self/ns/user", &space) != 0 || space.st_ino != 0xeffffffd)
        GTEST_SKIP() << "not in the initial user namespace";
    EXPECT_TRUE(sees_all(process));
    std::ofstream(process + "/status") << "CapEff:\t00000000ffffefff\n";
    EXPECT_FALSE(sees_all(process));
    std::ofstream(process + "/status") << "CapBnd:\t0000000000001000\n";
    EXPECT_FALSE(sees_all(process));
}

TEST(Classes, AddUpToAll) {
    const std::string file = ::testing::TempDir() + "/classes";
    std::ofstream(file) << "tcpsndpacks:  5 (unident: 1)\n\nmodversion: 4.0.0\n"
                           "total:    100 1000 90 900 80 800 70 700\n"
                           "waiting:  1 10 0 0 0 0 0 0\n"
                           "kernel:   2 20 0 0 0 0 0 0\n"
                           "exited:   3 30 1 10 0 0 0 0\n"
                           "new:      9 90 0 0 0 0 0 0\n"
                           "gone:     4 x\n";
    const auto all = classes(file);
    ASSERT_TRUE(all);
    Counters sum;
    for (const auto& one : *all)
        sum += one.counters;
    EXPECT_EQ(sum, (Counters{{100, 1000}, {90, 900}, {80, 800}, {70, 700}}));
    EXPECT_EQ(all->front().name, "processes");
    EXPECT_EQ(all->front().counters.tcp_sent.packets, 94U);

    std::ofstream(file) << "tcpsndpacks:  5 (unident: 1)\n";
    EXPECT_EQ(classes(file).error().cause, Cause::version);
    EXPECT_EQ(classes("/nowhere").error().cause, Cause::module);
}

TEST_F(SampleTest, SinceTheModuleWasLoaded) {
    auto sampler = start(false);
    kernel.script({process(1, 10) + process(2, 20) + process(1, 11) + done()});
    const auto taken = sampler.take();
    ASSERT_TRUE(taken);
    ASSERT_EQ(taken->size(), 2U) << "one that comes twice is one";
    EXPECT_EQ((*taken)[0].moved.tcp_sent.packets, 11U);
}

TEST_F(SampleTest, Intervals) {
    auto sampler = start(true);
    kernel.script({process(1, 10) + process(2, 20) + done()});
    auto taken = sampler.take();
    ASSERT_TRUE(taken);
    EXPECT_TRUE(taken->empty()) << "there is nothing yet to compare with";
    kernel.script({process(1, 15) + process(2, 20) + process(3, 7) + done()});
    taken = sampler.take();
    ASSERT_TRUE(taken);
    ASSERT_EQ(taken->size(), 2U) << "who carried nothing is left out";
    EXPECT_EQ((*taken)[0].moved.tcp_sent.packets, 5U);
    EXPECT_EQ((*taken)[1].task.tgid, 3U);
    EXPECT_EQ((*taken)[1].moved.tcp_sent.packets, 7U);
}

TEST_F(SampleTest, WhoEndsIsCountedOnce) {
    // The record is there before the second dump, which has the process still.
    auto sampler = start(true);
    kernel.script({process(1, 10) + done()});
    ASSERT_TRUE(sampler.take());
    kernel.say(1, ended(1, 16) + ended(5, 3));
    kernel.script({process(1, 15) + done()});
    auto taken = sampler.take();
    ASSERT_TRUE(taken);
    ASSERT_EQ(taken->size(), 2U);
    EXPECT_EQ((*taken)[0].moved.tcp_sent.packets, 6U);
    EXPECT_TRUE((*taken)[0].task.end);
    EXPECT_EQ((*taken)[1].moved.tcp_sent.packets, 3U);
    kernel.script({done()});
    taken = sampler.take();
    ASSERT_TRUE(taken);
    EXPECT_TRUE(taken->empty());
    EXPECT_EQ(notes.str(), "");
}

namespace {

Line unit_line(const std::string& unit, const std::string& slice, std::uint64_t bytes,
               std::uint64_t processes) {
    Line line;
    line.name = line.shown = unit;
    line.who = {text_or_null(unit), text_or_null(slice), processes};
    line.counters = sent(bytes);
    line.total = sent(bytes + 1);
    return line;
}

std::uint64_t processes_of(const Line& line) {
    return std::get<std::uint64_t>(line.who.at(2));
}

} // namespace

TEST(UnitTree, UnitsStandBelowTheirSlices) {
    const auto lines = chosen(
        unit_tree_lines({unit_line("ssh.service", "system.slice", 10, 2),
                         unit_line("nginx.service", "system.slice", 30, 4),
                         unit_line("", "system.slice", 5, 0), unit_line("", "", 2, 1),
                         unit_line("init.scope", "", 1, 1),
                         unit_line("session-1.scope", "user-1000.slice", 7, 1),
                         unit_line("user@1000.service/app.service", "user-1000.slice", 11, 1)}),
        {});
    EXPECT_EQ(summary(lines), "system.slice 45\n"
                              "  nginx.service 30\n"
                              "  ssh.service 10\n"
                              "user.slice 18\n"
                              "  user-1000.slice 18\n"
                              "    user@1000.service 11\n"
                              "      app.service 11\n"
                              "    session-1.scope 7\n"
                              " 2\n"
                              "init.scope 1\n");
    EXPECT_EQ(processes_of(lines[0]), 6U);
    EXPECT_EQ(processes_of(lines[3]), 2U);
    EXPECT_EQ(lines[0].total.all().bytes, 48U);
    EXPECT_EQ(text_of(lines[0].who[1]), "system.slice");
    EXPECT_EQ(text_of(lines[1].who[0]), "nginx.service");
    for (const auto& line : lines)
        EXPECT_EQ(line.who.size(), columns_of(Kind::unit_trees).size());
}

TEST(UnitTree, WhatEndedIsMarked) {
    auto gone = unit_line("a.service", "x.slice", 3, 0);
    gone.shown = "<a.service>";
    EXPECT_EQ(summary(chosen(unit_tree_lines({gone}), {})), "x.slice 3\n  <a.service> 3\n");
    EXPECT_TRUE(unit_tree_lines({}).empty());
}

} // namespace netatop::test
