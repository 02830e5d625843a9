// SPDX-License-Identifier: GPL-2.0-only
#include "printer.h"

#include "support.h"

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sstream>
#include <vector>

namespace netatop::test {

namespace {

constexpr std::int64_t seen = 1763798500045;

class PrinterTest : public ::testing::Test {
protected:
    PrinterTest() {
        ::setenv("TZ", "CET-1", 1);
        ::tzset();
        task = make_task(4711, 10);
        task.udprcvbytes = 7;
    }
    ~PrinterTest() override {
        ::unsetenv("TZ");
        ::tzset();
    }

    static std::string line(const Ended& process, Format format = Format::table, bool exact = false,
                            unsigned base = 1024) {
        return Printer({format, exact, base}).line(process);
    }

    // What a log says that tells all.
    [[nodiscard]] Ended whole() const {
        Ended process = ended({task, {}}, seen);
        process.parent = 4700;
        process.uid = 0;
        process.cgroup = 987;
        process.path = "/system.slice/nginx.service";
        process.netns = 4026531840;
        process.counters.loopback_tcp_sent = {3, 200};
        process.counters.loopback_tcp_received = {2, 100};
        process.has_loopback = true;
        return process;
    }

    netpertask task;
};

} // namespace

TEST_F(PrinterTest, Table) {
    EXPECT_EQ(Printer({}).head(),
              "EXITED                    STARTED                       PID USER     NAME           "
              "     SENT RECEIVED  SNDPKT  RCVPKT LOOPBACK UNIT\n");
    EXPECT_EQ(line(ended({task, {}}, seen)),
              "2025-11-22 09:01:40 +0100 2025-11-22 09:00:00 +0100    4711 -        curl           "
              "      660    14.7K      10      11        - -\n");
    EXPECT_EQ(line(whole()),
              "2025-11-22 09:01:40 +0100 2025-11-22 09:00:00 +0100    4711 root     curl           "
              "      660    14.7K      10      11      300 nginx.service\n");
}

TEST_F(PrinterTest, Units) {
    EXPECT_NE(line(ended({task, {}}, seen), Format::table, false, 1000).find("    15.0k "),
              std::string::npos);
    EXPECT_NE(line(ended({task, {}}, seen), Format::table, true).find("    15007 "),
              std::string::npos);
}

TEST_F(PrinterTest, ColumnsNeverRunTogether) {
    task.id = 2147483647;
    task.tcpsndpacks = task.tcpsndbytes = task.tcprcvpacks = task.tcprcvbytes =
        18446744073709551615U;
    std::strcpy(task.command, "fifteen-letters");
    task.btime = 253402300800; // a year of five digits
    std::istringstream row(line(ended({task, {}}, seen), Format::table, true));
    std::string field;
    std::vector<std::string> fields;
    while (row >> field)
        fields.push_back(field);
    ASSERT_EQ(fields.size(), 15U) << row.str();
    EXPECT_EQ(fields[3], "10000-01-01");
    EXPECT_EQ(fields[6], "2147483647");
    EXPECT_EQ(fields[8], "fifteen-letters");
    EXPECT_EQ(fields[9], "18446744073709551615");
    EXPECT_EQ(fields[11], "18446744073709551615");
}

TEST_F(PrinterTest, UnknownExit) {
    EXPECT_EQ(line(ended({task, {}}, std::nullopt)).substr(0, 30),
              "-                         2025");
    EXPECT_EQ(line(ended({task, {}}, std::nullopt), Format::json).substr(0, 14),
              "{\"exited\":null");
}

TEST_F(PrinterTest, Json) {
    EXPECT_EQ(line(ended({task, {}}, seen), Format::json),
              "{\"exited\":1763798500.045,\"pid\":4711,\"parent\":null,\"name\":\"curl\","
              "\"started\":1763798400,\"uid\":null,\"user\":null,\"cgroup\":null,\"path\":null,"
              "\"unit\":null,\"container\":null,\"pod\":null,\"netns\":null,"
              "\"tcpsndpacks\":10,\"tcpsndbytes\":660,\"tcprcvpacks\":11,\"tcprcvbytes\":15000,"
              "\"udpsndpacks\":0,\"udpsndbytes\":0,\"udprcvpacks\":0,\"udprcvbytes\":7,"
              "\"lo_tcpsndpacks\":null,\"lo_tcpsndbytes\":null,\"lo_tcprcvpacks\":null,"
              "\"lo_tcprcvbytes\":null,\"lo_udpsndpacks\":null,\"lo_udpsndbytes\":null,"
              "\"lo_udprcvpacks\":null,\"lo_udprcvbytes\":null}\n");
    EXPECT_EQ(line(whole(), Format::json),
              "{\"exited\":1763798500.045,\"pid\":4711,\"parent\":4700,\"name\":\"curl\","
              "\"started\":1763798400,\"uid\":0,\"user\":\"root\",\"cgroup\":987,"
              "\"path\":\"/system.slice/nginx.service\",\"unit\":\"nginx.service\","
              "\"container\":null,\"pod\":null,\"netns\":4026531840,"
              "\"tcpsndpacks\":10,\"tcpsndbytes\":660,\"tcprcvpacks\":11,\"tcprcvbytes\":15000,"
              "\"udpsndpacks\":0,\"udpsndbytes\":0,\"udprcvpacks\":0,\"udprcvbytes\":7,"
              "\"lo_tcpsndpacks\":3,\"lo_tcpsndbytes\":200,\"lo_tcprcvpacks\":2,"
              "\"lo_tcprcvbytes\":100,\"lo_udpsndpacks\":0,\"lo_udpsndbytes\":0,"
              "\"lo_udprcvpacks\":0,\"lo_udprcvbytes\":0}\n");
}

TEST_F(PrinterTest, Csv) {
    EXPECT_EQ(Printer({Format::csv}).head().substr(0, 31), "exited,pid,parent,name,started,");
    EXPECT_EQ(line(whole(), Format::csv),
              "1763798500.045,4711,4700,curl,1763798400,0,root,987,/system.slice/nginx.service,"
              "nginx.service,,,4026531840,10,660,11,15000,0,0,0,7,3,200,2,100,0,0,0,0\n");
}

TEST_F(PrinterTest, HostileNames) {
    std::strcpy(task.command, "\x1b[2J\"\\\n\xc3\xa9");
    const auto process = ended({task, {}}, seen);
    EXPECT_NE(line(process).find(" ?[2J\"\\???      "), std::string::npos) << line(process);
    const auto json = line(process, Format::json);
    EXPECT_NE(json.find(R"("name":"\u001b[2J\"\\\u000a\u00e9")"), std::string::npos) << json;
}

} // namespace netatop::test
