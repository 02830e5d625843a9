// SPDX-License-Identifier: GPL-2.0-only
// netatop-log on saved files, which these tests make by hand: the bytes that a header and records
// have, and nothing of ours.
#include "log_client.h"
#include "log_options.h"

#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>

namespace netatop::test {

namespace {

constexpr std::int64_t started = 1795770000; // 2026-11-27 09:00 UTC
constexpr std::int32_t nobody = 0x7fffffff;  // for the daemon that has left
constexpr std::int64_t now = 1795773600'000; // one hour later

// A process that started so many minutes after 09:00.
netpertask process(int id, const char* name, int minutes, unsigned long long sent,
                   unsigned long long received) {
    netpertask task{};
    task.id = id;
    task.btime = static_cast<unsigned long>(started + minutes * 60L);
    std::strcpy(task.command, name);
    task.tcpsndpacks = 1;
    task.tcpsndbytes = sent;
    task.udprcvpacks = 2;
    task.udprcvbytes = received;
    return task;
}

std::string record(const void* plain, std::size_t size) {
    std::array<Bytef, 255> stream{};
    uLongf length = stream.size();
    EXPECT_EQ(::compress(stream.data(), &length, static_cast<const Bytef*>(plain), size), Z_OK);
    return static_cast<char>(length) +
           std::string(reinterpret_cast<const char*>(stream.data()), length);
}

class LogFile : public ::testing::Test {
protected:
    LogFile() {
        ::setenv("TZ", "UTC", 1);
        ::tzset();
    }
    ~LogFile() override {
        ::unsetenv("TZ");
        ::tzset();
    }

    // As it was when its daemon, of which no process has the number any more, left it.
    void save(const std::vector<netpertask>& tasks) {
        auto bytes = header_bytes(static_cast<std::uint32_t>(tasks.size()), 96, nobody);
        for (const auto& task : tasks)
            bytes += record(&task, sizeof task);
        std::ofstream(directory.log(), std::ios::trunc) << bytes;
    }

    // As its main() does. What it writes to its standard output is in one file, and what else it
    // says in another.
    int run(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"--log", directory.log()});
        LogOptions given;
        Options options("netatop-log", LogOptions::usage());
        given.add_to(options);
        std::ofstream said(output() + ".notes");
        if (options.parse(arguments, said, said))
            return 2;
        const Descriptor file(::open(output().c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
        const auto client = given.take(now);
        const auto shown = client ? show_log(*client, file.get(), said) : client.error();
        if (!shown)
            said << shown.error().text;
        return shown ? 0 : static_cast<int>(shown.error().cause);
    }

    // In a process of its own, for it handles signals: what it writes, or why it does not go on.
    std::string show(const std::vector<std::string>& arguments) const {
        const int status = finish(start([&] { return run(arguments); }));
        return status == 0 ? contents(output()) : notes();
    }

    // The ids of the records that are shown.
    std::string ids(std::vector<std::string> arguments) const {
        arguments.emplace_back("--csv");
        std::istringstream lines(show(arguments));
        std::string all;
        std::string line;
        std::getline(lines, line);
        while (std::getline(lines, line)) {
            line.erase(0, line.find(',') + 1);
            all += (all.empty() ? "" : " ") + line.substr(0, line.find(','));
        }
        return all;
    }

    [[nodiscard]] std::string output() const { return directory.path + "/output"; }

    [[nodiscard]] std::string notes() const { return contents(output() + ".notes"); }

    Directory directory;
};

// The same in the long form, by hand too: its numbers stand where the format has them.
class LogFileLong : public LogFile {
protected:
    struct Tail {
        std::uint64_t start, end;
        std::int64_t exited;
        std::uint64_t cgroup;
        std::uint32_t uid, parent, netns, known;
        std::array<std::uint64_t, 8> loopback;
        std::array<char, 256> path;
    };

    static Tail tail(int minutes, std::uint32_t uid, const char* path) {
        Tail tail{7'000'000'000,
                  8'000'000'000,
                  (started + minutes * 60L) * 1000 + 250,
                  77,
                  uid,
                  1,
                  4026531840,
                  1,
                  {1, 60, 0, 0, 0, 0, 1, 40},
                  {}};
        std::strcpy(tail.path.data(), path);
        return tail;
    }

    LogFileLong() {
        const std::vector<std::pair<netpertask, Tail>> all{
            {process(1, "curl", 0, 100, 0), tail(30, 0, "/system.slice/cron.service")},
            {process(2, "curl", 0, 1000, 24), tail(40, 12345, "/system.slice/nginx.service")},
            {process(3, "wget", 0, 5000, 50), tail(50, 12345, "")}};
        auto bytes = header_bytes(3, 464, nobody);
        for (const auto& [task, more] : all) {
            std::array<char, 464> plain{};
            std::memcpy(plain.data(), &task, 96);
            std::memcpy(plain.data() + 96, &more, 368);
            bytes += record(plain.data(), plain.size());
        }
        std::ofstream(directory.log(), std::ios::trunc) << bytes;
    }
};

class LogFileFilter : public LogFile {
protected:
    LogFileFilter() {
        save({process(1, "curl", 0, 100, 0), process(2, "wget", 20, 5000, 5000),
              process(3, "curl", 40, 1000, 23), process(4, "sshd", 59, 10, 20)});
    }
};

} // namespace

TEST_F(LogFileFilter, All) {
    EXPECT_EQ(ids({}), "1 2 3 4");
}

TEST_F(LogFileFilter, Process) {
    EXPECT_EQ(ids({"-p", "3"}), "3");
    EXPECT_EQ(ids({"--pid=5"}), "");
    EXPECT_NE(notes().find("no record is one of those"), std::string::npos) << notes();
}

TEST_F(LogFileFilter, Command) {
    EXPECT_EQ(ids({"--command", "curl"}), "1 3");
    EXPECT_EQ(ids({"-c", "?[gs]*"}), "2 4");
}

TEST_F(LogFileFilter, Bytes) {
    EXPECT_EQ(ids({"--min-bytes", "1023"}), "2 3");
    EXPECT_EQ(ids({"--min-bytes", "1K"}), "2");
}

// It does not say when they ended, so their start counts.
TEST_F(LogFileFilter, Time) {
    EXPECT_EQ(ids({"--since", "09:20"}), "2 3 4");
    EXPECT_EQ(ids({"--since", "09:20:01"}), "3 4");
    EXPECT_EQ(ids({"--until", "09:20"}), "1 2");
    EXPECT_EQ(ids({"-S", "-41m", "-U", "-1m"}), "2 3 4");
    EXPECT_EQ(ids({"-S", "-40m"}), "2 3 4");
    EXPECT_EQ(ids({"-S", "2026-11-27 09:30", "-U", "2026-11-27T09:50:00Z"}), "3");
    EXPECT_EQ(ids({"--since", "yesterday", "--until", "today"}), "");
}

TEST_F(LogFileFilter, WhatARecordDoesNotSayMeetsNoFilter) {
    EXPECT_EQ(ids({"--user", "root"}), "");
    EXPECT_EQ(ids({"--unit", "*"}), "");
}

TEST_F(LogFileFilter, Together) {
    EXPECT_EQ(ids({"-c", "curl", "-S", "09:10", "--min-bytes", "1"}), "3");
}

TEST_F(LogFileFilter, SumsByCommand) {
    EXPECT_EQ(show({"--sum-by", "command"}),
              "NAME PROCESSES SENT RECEIVED SNDPKT RCVPKT LOOPBACK\n"
              "wget         1 4.9K     4.9K      1      2        -\n"
              "curl         2 1.1K       23      2      4        -\n"
              "sshd         1   10       20      1      2        -\n");
    EXPECT_EQ(show({"--sum-by", "command", "-c", "curl", "--json"}),
              "{\"name\":\"curl\",\"processes\":2,"
              "\"tcpsndpacks\":2,\"tcpsndbytes\":1100,\"tcprcvpacks\":0,\"tcprcvbytes\":0,"
              "\"udpsndpacks\":0,\"udpsndbytes\":0,\"udprcvpacks\":4,\"udprcvbytes\":23,"
              "\"lo_tcpsndpacks\":null,\"lo_tcpsndbytes\":null,\"lo_tcprcvpacks\":null,"
              "\"lo_tcprcvbytes\":null,\"lo_udpsndpacks\":null,\"lo_udpsndbytes\":null,"
              "\"lo_udprcvpacks\":null,\"lo_udprcvbytes\":null}\n");
}

TEST_F(LogFileFilter, SumsOfWhatNothingIsKnownOf) {
    EXPECT_EQ(show({"--sum-by", "user", "--csv"}).substr(0, 58),
              "user,uid,processes,tcpsndpacks,tcpsndbytes,tcprcvpacks,tcp");
    EXPECT_NE(show({"--sum-by", "user", "--csv"}).find("\n,,4,4,6110,"), std::string::npos);
    EXPECT_NE(show({"--sum-by", "unit", "--si"}).find("\n-    -             4 6.1k     5.0k "),
              std::string::npos)
        << show({"--sum-by", "unit", "--si"});
}

TEST_F(LogFileFilter, WrongOptions) {
    for (const auto& [arguments, why] :
         std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{"--since", "noon"}, "the time 'noon'"},
             {{"--until", "9:2"}, "the time '9:2'"},
             {{"--since", "10:00", "--until", "09:00"}, "later than"},
             {{"--pid", "0"}, "the process '0'"},
             {{"--pid", "x"}, "the process 'x'"},
             {{"--user", "no such user"}, "the user"},
             {{"--min-bytes", "1X"}, "the size '1X'"},
             {{"--sum-by", "pid"}, "the key 'pid'"},
             {{"--sum-by", "command", "--follow"}, "does not go with"},
             {{"--json", "--csv"}, "not both"},
             {{"--iec", "--si"}, "one of"},
             {{"--bytes", "--si"}, "one of"},
             {{"-x"}, "unknown option"}})
        EXPECT_NE(show(arguments).find(why), std::string::npos) << why << ": " << show(arguments);
}

TEST_F(LogFileLong, ShowsAll) {
    EXPECT_EQ(show({"-p", "1", "--json"}),
              "{\"exited\":1795771800.250,\"pid\":1,\"parent\":1,\"name\":\"curl\","
              "\"started\":1795770000,\"uid\":0,\"user\":\"root\",\"cgroup\":77,"
              "\"path\":\"/system.slice/cron.service\",\"unit\":\"cron.service\","
              "\"container\":null,\"pod\":null,\"netns\":4026531840,"
              "\"tcpsndpacks\":1,\"tcpsndbytes\":100,\"tcprcvpacks\":0,\"tcprcvbytes\":0,"
              "\"udpsndpacks\":0,\"udpsndbytes\":0,\"udprcvpacks\":2,\"udprcvbytes\":0,"
              "\"lo_tcpsndpacks\":1,\"lo_tcpsndbytes\":60,\"lo_tcprcvpacks\":0,"
              "\"lo_tcprcvbytes\":0,\"lo_udpsndpacks\":0,\"lo_udpsndbytes\":0,"
              "\"lo_udprcvpacks\":1,\"lo_udprcvbytes\":40}\n");
    const auto table = show({"-p", "2"});
    EXPECT_NE(
        table.find("2026-11-27 09:40:00 +0000 2026-11-27 09:00:00 +0000       2 12345    "
                   "curl                1000       24       1       2      100 nginx.service"),
        std::string::npos)
        << table;
}

TEST_F(LogFileLong, Filters) {
    EXPECT_EQ(ids({"--user", "root"}), "1");
    EXPECT_EQ(ids({"--user", "12345"}), "2 3");
    EXPECT_EQ(ids({"--unit", "nginx*"}), "2");
    EXPECT_EQ(ids({"-u", "*"}), "1 2") << "of the third nobody knows the unit";
    EXPECT_EQ(ids({"--since", "09:40:01"}), "3") << "by the end";
    EXPECT_EQ(ids({"--until", "09:30"}), "");
    EXPECT_EQ(ids({"--until", "09:30:01"}), "1");
}

TEST_F(LogFileLong, Sums) {
    EXPECT_EQ(show({"--sum-by", "user"}), "USER  PROCESSES SENT RECEIVED SNDPKT RCVPKT LOOPBACK\n"
                                          "12345         2 5.9K       74      2      4      200\n"
                                          "root          1  100        0      1      2      100\n");
    EXPECT_EQ(show({"--sum-by", "unit", "--bytes"}),
              "UNIT          SLICE        PROCESSES SENT RECEIVED SNDPKT RCVPKT LOOPBACK\n"
              "-             -                    1 5000       50      1      2      100\n"
              "nginx.service system.slice         1 1000       24      1      2      100\n"
              "cron.service  system.slice         1  100        0      1      2      100\n");
    EXPECT_NE(show({"--sum-by", "command", "--json"}).find("\"lo_tcpsndbytes\":120,"),
              std::string::npos);
}

TEST_F(LogFile, EmptyOne) {
    save({});
    EXPECT_EQ(ids({}), "");
    EXPECT_NE(notes().find("no records"), std::string::npos);
}

TEST_F(LogFile, IsFollowedWithoutADaemon) {
    save({process(1, "curl", 0, 1, 1)});
    const pid_t shower = start([&] { return run({"--follow", "--json"}); });
    const auto shows = [&](const std::string& text) {
        return eventually([&] { return contents(output()).find(text) != std::string::npos; });
    };
    EXPECT_TRUE(shows("{\"exited\":null,\"pid\":1,"));
    save({process(1, "curl", 0, 1, 1), process(2, "wget", 1, 1, 1)}); // written over, and longer
    EXPECT_TRUE(shows("{\"exited\":null,\"pid\":2,"));
    ASSERT_EQ(::rename(directory.log().c_str(), (directory.path + "/old").c_str()), 0);
    save({process(3, "sshd", 1, 1, 1)});
    EXPECT_TRUE(shows("{\"exited\":null,\"pid\":3,"));
    ::kill(shower, SIGTERM);
    EXPECT_EQ(finish(shower), 0);
    EXPECT_EQ(semaphore(1), -1) << "nobody was told";
}

TEST_F(LogFile, FollowingEndsAtItsTime) {
    save({process(1, "curl", 0, 1, 1)});
    EXPECT_EQ(ids({"--follow", "--until", "-59m"}), "1");
}

} // namespace netatop::test
