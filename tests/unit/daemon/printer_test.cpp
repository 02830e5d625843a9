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

class PrinterTest : public ::testing::Test {
protected:
    PrinterTest() {
        ::setenv("TZ", "UTC", 1);
        ::tzset();
        task = make_task(4711, 10);
        task.udprcvbytes = 7;
    }

    netpertask task;
    Seen seen{std::chrono::system_clock::from_time_t(1763798500) + std::chrono::milliseconds(45)};
};

} // namespace

TEST_F(PrinterTest, Table) {
    EXPECT_EQ(
        table_head(),
        "EXITED       PID NAME            STARTED             TCPSNDPKT  TCPSNDBYTES TCPRCVPKT"
        "  TCPRCVBYTES UDPSNDPKT  UDPSNDBYTES UDPRCVPKT  UDPRCVBYTES\n");
    EXPECT_EQ(
        table_row(task, seen),
        "08:01:40    4711 curl            2025-11-22 08:00:00        10          660        11"
        "        15000         0            0         0            7\n");
}

TEST_F(PrinterTest, ColumnsNeverRunTogether) {
    task.id = 2147483647;
    task.tcpsndpacks = task.tcpsndbytes = task.tcprcvpacks = task.tcprcvbytes = task.udpsndpacks =
        task.udpsndbytes = task.udprcvpacks = task.udprcvbytes = 18446744073709551615U;
    std::strcpy(task.command, "fifteen-letters");
    task.btime = 253402300800; // a year of five digits
    std::istringstream row(table_row(task, seen));
    std::string field;
    std::vector<std::string> fields;
    while (row >> field)
        fields.push_back(field);
    ASSERT_EQ(fields.size(), 13U) << row.str();
    EXPECT_EQ(fields[1], "2147483647");
    EXPECT_EQ(fields[2], "fifteen-letters");
    for (std::size_t i = 5; i < 13; ++i)
        EXPECT_EQ(fields[i], "18446744073709551615");
}

TEST_F(PrinterTest, UnknownExit) {
    EXPECT_EQ(table_row(task, std::nullopt).substr(0, 16), "-           4711");
    EXPECT_EQ(json_row(task, std::nullopt).substr(0, 14), "{\"exited\":null");
}

TEST_F(PrinterTest, Json) {
    EXPECT_EQ(json_row(task, seen),
              "{\"exited\":1763798500.045,\"pid\":4711,\"name\":\"curl\",\"started\":1763798400,"
              "\"tcpsndpacks\":10,\"tcpsndbytes\":660,\"tcprcvpacks\":11,\"tcprcvbytes\":15000,"
              "\"udpsndpacks\":0,\"udpsndbytes\":0,\"udprcvpacks\":0,\"udprcvbytes\":7}\n");
}

TEST_F(PrinterTest, HostileNames) {
    std::strcpy(task.command, "\x1b[2J\"\\\n\xc3\xa9");
    EXPECT_EQ(table_row(task, seen).substr(17, 16), "?[2J\"\\???       ");
    EXPECT_NE(json_row(task, seen).find(R"("name":"\u001b[2J\"\\\u000a\u00e9")"), std::string::npos)
        << json_row(task, seen);
}

} // namespace netatop::test
