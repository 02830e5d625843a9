// SPDX-License-Identifier: GPL-2.0-only
#include "printer.h"

#include "json.h"
#include "text.h"

#include <array>
#include <ctime>
#include <iomanip>
#include <sstream>

namespace netatop {

namespace {

struct Column {
    const char* name; // in JSON
    const char* head; // in the table
    int width;
    unsigned long long netpertask::*value;
};

constexpr std::array<Column, 8> counters{{
    {"tcpsndpacks", "TCPSNDPKT", 9, &netpertask::tcpsndpacks},
    {"tcpsndbytes", "TCPSNDBYTES", 12, &netpertask::tcpsndbytes},
    {"tcprcvpacks", "TCPRCVPKT", 9, &netpertask::tcprcvpacks},
    {"tcprcvbytes", "TCPRCVBYTES", 12, &netpertask::tcprcvbytes},
    {"udpsndpacks", "UDPSNDPKT", 9, &netpertask::udpsndpacks},
    {"udpsndbytes", "UDPSNDBYTES", 12, &netpertask::udpsndbytes},
    {"udprcvpacks", "UDPRCVPKT", 9, &netpertask::udprcvpacks},
    {"udprcvbytes", "UDPRCVBYTES", 12, &netpertask::udprcvbytes},
}};

constexpr int exited_width = 8;
constexpr int pid_width = 7;
constexpr std::size_t name_width = NETATOP_COMMAND_LEN - 1;
constexpr int started_width = 19;

std::string local_time(std::time_t time, const char* format) {
    std::tm parts{};
    if (::localtime_r(&time, &parts) == nullptr)
        return "?";
    std::ostringstream text;
    text << std::put_time(&parts, format);
    return text.str();
}

} // namespace

std::string table_head() {
    std::ostringstream text;
    text << std::left << std::setw(exited_width) << "EXITED" << std::right << ' '
         << std::setw(pid_width) << "PID" << ' ' << fitted("NAME", name_width) << std::left << ' '
         << std::setw(started_width) << "STARTED" << std::right;
    for (const auto& column : counters)
        text << ' ' << std::setw(column.width) << column.head;
    text << '\n';
    return text.str();
}

std::string table_row(const netpertask& task, Seen exited) {
    const std::string when =
        exited ? local_time(std::chrono::system_clock::to_time_t(*exited), "%H:%M:%S") : "-";
    std::ostringstream text;
    text << std::left << std::setw(exited_width) << when << std::right << ' '
         << std::setw(pid_width) << task.id << ' '
         << fitted(harmless(static_cast<const char*>(task.command)), name_width) << ' ' << std::left
         << std::setw(started_width)
         << local_time(static_cast<std::time_t>(task.btime), "%Y-%m-%d %H:%M:%S") << std::right;
    for (const auto& column : counters)
        text << ' ' << std::setw(column.width) << task.*column.value;
    text << '\n';
    return text.str();
}

std::string json_row(const netpertask& task, Seen exited) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;

    JsonObject object;
    if (exited)
        object.milliseconds("exited",
                            duration_cast<milliseconds>(exited->time_since_epoch()).count());
    else
        object.null("exited");
    object.number("pid", std::int64_t{task.id})
        .text("name", static_cast<const char*>(task.command))
        .number("started", std::uint64_t{task.btime});
    for (const auto& column : counters)
        object.number(column.name, std::uint64_t{task.*column.value});
    return object.line();
}

} // namespace netatop
