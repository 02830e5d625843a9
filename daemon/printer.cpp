// SPDX-License-Identifier: GPL-2.0-only
#include "printer.h"

#include <algorithm>
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
    {"tcpsndpacks", "TCPSNDPKT", 10, &netpertask::tcpsndpacks},
    {"tcpsndbytes", "TCPSNDBYTES", 13, &netpertask::tcpsndbytes},
    {"tcprcvpacks", "TCPRCVPKT", 10, &netpertask::tcprcvpacks},
    {"tcprcvbytes", "TCPRCVBYTES", 13, &netpertask::tcprcvbytes},
    {"udpsndpacks", "UDPSNDPKT", 10, &netpertask::udpsndpacks},
    {"udpsndbytes", "UDPSNDBYTES", 13, &netpertask::udpsndbytes},
    {"udprcvpacks", "UDPRCVPKT", 10, &netpertask::udprcvpacks},
    {"udprcvbytes", "UDPRCVBYTES", 13, &netpertask::udprcvbytes},
}};

constexpr int exited_width = 8;
constexpr int pid_width = 8;
constexpr int name_width = NETATOP_COMMAND_LEN;
constexpr int started_width = 19;

std::string local_time(std::time_t time, const char* format) {
    std::tm parts{};
    if (::localtime_r(&time, &parts) == nullptr)
        return "?";
    std::ostringstream text;
    text << std::put_time(&parts, format);
    return text.str();
}

bool printable(unsigned char byte) {
    return byte >= 0x20 && byte < 0x7f;
}

// A process can name itself anything, a terminal's commands for example.
std::string harmless(const char* name) {
    std::string text(name);
    std::replace_if(
        text.begin(), text.end(), [](unsigned char byte) { return !printable(byte); }, '?');
    return text;
}

std::string json_string(const char* name) {
    std::ostringstream text;
    text << '"';
    for (const char character : std::string(name)) {
        const auto byte = static_cast<unsigned char>(character);
        if (!printable(byte))
            text << "\\u" << std::hex << std::setw(4) << std::setfill('0') << unsigned{byte};
        else if (byte == '"' || byte == '\\')
            text << '\\' << character;
        else
            text << character;
    }
    text << '"';
    return text.str();
}

} // namespace

std::string table_head() {
    std::ostringstream text;
    text << std::left << std::setw(exited_width) << "EXITED" << std::right << std::setw(pid_width)
         << "PID" << ' ' << std::left << std::setw(name_width) << "NAME" << std::setw(started_width)
         << "STARTED" << std::right;
    for (const auto& column : counters)
        text << std::setw(column.width) << column.head;
    text << '\n';
    return text.str();
}

std::string table_row(const netpertask& task, Seen exited) {
    const std::string when =
        exited ? local_time(std::chrono::system_clock::to_time_t(*exited), "%H:%M:%S") : "-";
    std::ostringstream text;
    text << std::left << std::setw(exited_width) << when << std::right << std::setw(pid_width)
         << task.id << ' ' << std::left << std::setw(name_width)
         << harmless(static_cast<const char*>(task.command)) << std::setw(started_width)
         << local_time(static_cast<std::time_t>(task.btime), "%Y-%m-%d %H:%M:%S") << std::right;
    for (const auto& column : counters)
        text << std::setw(column.width) << task.*column.value;
    text << '\n';
    return text.str();
}

std::string json_row(const netpertask& task, Seen exited) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;

    std::ostringstream text;
    text << "{\"exited\":";
    if (exited) {
        const auto since = duration_cast<milliseconds>(exited->time_since_epoch()).count();
        text << since / 1000 << '.' << std::setw(3) << std::setfill('0') << since % 1000;
    } else {
        text << "null";
    }
    text << ",\"pid\":" << task.id
         << ",\"name\":" << json_string(static_cast<const char*>(task.command))
         << ",\"started\":" << task.btime;
    for (const auto& column : counters)
        text << ",\"" << column.name << "\":" << task.*column.value;
    text << "}\n";
    return text.str();
}

} // namespace netatop
