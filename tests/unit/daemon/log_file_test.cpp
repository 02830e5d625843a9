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
        std::string bytes("\xb0\xb0\xed\xfe\0\0\0\0\x10\0\x60\0\xff\xff\xff\x7f", 16);
        bytes[4] = static_cast<char>(tasks.size());
        for (const auto& task : tasks)
            bytes += record(&task, sizeof task);
        std::ofstream(directory.log(), std::ios::trunc) << bytes;
    }

    // What netatop-log writes to its standard output, or why it did not go on.
    std::string show(std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--log", directory.log()});
        LogOptions given;
        Options options("netatop-log", LogOptions::usage());
        given.add_to(options);
        std::ostringstream out;
        std::ostringstream err;
        if (options.parse(arguments, out, err))
            return out.str() + err.str();
        const auto client = given.take(now);
        if (!client)
            return client.error().text;
        const Descriptor file(::open(output().c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
        notes.str({});
        const auto shown = show_log(*client, file.get(), notes);
        return shown ? contents(output()) : shown.error().text;
    }

    // The ids of the records that are shown.
    std::string ids(std::vector<std::string> arguments) {
        arguments.emplace_back("--csv");
        std::istringstream lines(show(std::move(arguments)));
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

    Directory directory;
    std::ostringstream notes;
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
    EXPECT_NE(notes.str().find("no record is one of those"), std::string::npos) << notes.str();
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

TEST_F(LogFile, EmptyOne) {
    save({});
    EXPECT_EQ(ids({}), "");
    EXPECT_NE(notes.str().find("no records"), std::string::npos);
}

TEST_F(LogFile, IsFollowedWithoutADaemon) {
    save({process(1, "curl", 0, 1, 1)});
    const pid_t shower = start([&] { return show({"--follow", "--json"}).empty() ? 1 : 0; });
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
