// SPDX-License-Identifier: GPL-2.0-only
#include "details.h"

#include "feed.h"
#include "moment.h"

#include <algorithm>
#include <fstream>

namespace netatop {

namespace {

constexpr std::size_t most_commands = 64;
constexpr std::size_t longest_command = 4096;

// The cell of a column; none where the kind has no such column.
const Cell* cell_of(Kind kind, const Line& line, const char* name) {
    const auto columns = columns_of(kind);
    for (std::size_t i = 0; i < columns.size() && i < line.who.size(); ++i)
        if (columns[i].name == name)
            return &line.who[i];
    return nullptr;
}

std::optional<std::uint64_t> number_of(Kind kind, const Line& line, const char* name) {
    const auto* cell = cell_of(kind, line, name);
    const auto* value = cell == nullptr ? nullptr : std::get_if<std::uint64_t>(cell);
    return value == nullptr ? std::nullopt : std::optional(*value);
}

std::string text_of(Kind kind, const Line& line, const char* name) {
    const auto* cell = cell_of(kind, line, name);
    const auto* text = cell == nullptr ? nullptr : std::get_if<std::string>(cell);
    return text == nullptr ? std::string() : *text;
}

// Is it in the unit, or in the slice if that is what the line is, or in what is below?
bool below(const Workload& workload, const std::string& unit, const std::string& slice) {
    const std::string own = full_unit(workload);
    if (!unit.empty())
        return own == unit || own.rfind(unit + '/', 0) == 0;
    const std::string stem = slice.substr(0, slice.rfind('.'));
    return workload.slice == slice || (!stem.empty() && workload.slice.rfind(stem + '-', 0) == 0);
}

std::string value_text(const std::string& name, const Cell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell))
        return *text;
    if (const auto* value = std::get_if<std::uint64_t>(&cell))
        return name == "started" ? date_text(static_cast<std::int64_t>(*value) * 1000)
                                 : std::to_string(*value);
    if (const auto* time = std::get_if<Milliseconds>(&cell))
        return date_text(std::max<std::int64_t>(time->value, 0));
    return {};
}

} // namespace

std::vector<std::pair<std::string, std::string>> facts_of(Kind kind, const Line& line,
                                                          const std::string& command_line) {
    std::vector<std::pair<std::string, std::string>> facts;
    const auto columns = columns_of(kind);
    for (std::size_t i = 0; i < columns.size() && i < line.who.size(); ++i)
        if (auto value = value_text(columns[i].name, line.who[i]); !value.empty())
            facts.emplace_back(columns[i].name, std::move(value));
    if (!command_line.empty())
        facts.emplace_back("command", command_line);
    return facts;
}

bool belongs(const Connection& connection, Kind kind, const Line& line, Identities& identities) {
    const auto workload = [&]() -> const Workload& {
        static const Task nobody;
        return identities.workload(connection.owner ? *connection.owner : nobody);
    };
    switch (kind) {
    case Kind::unit_trees:
        return connection.owner &&
               below(workload(), text_of(kind, line, "unit"), text_of(kind, line, "slice"));
    case Kind::units:
        return connection.owner && full_unit(workload()) == text_of(kind, line, "unit");
    case Kind::containers:
        return connection.owner && workload().container == text_of(kind, line, "container");
    case Kind::connections:
        return number_of(kind, line, "cookie") == connection.socket.cookie;
    case Kind::remotes:
        return connection.endpoints.remote.address == text_of(kind, line, "remote");
    default:
        return connection.socket.tgid && number_of(kind, line, "pid") == *connection.socket.tgid;
    }
}

std::string command_line(const std::string& pid, const std::string& proc) {
    std::ifstream file(proc + "/" + pid + "/cmdline");
    std::string text(longest_command, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    while (!text.empty() && text.back() == '\0')
        text.pop_back();
    std::replace(text.begin(), text.end(), '\0', ' ');
    return text;
}

// A number may be that of another process later; what is asked has the time of the start too.
Result<DetailsReader> DetailsReader::make(Connect connect, const std::string& proc) {
    auto commands = Lookup::make(
        [proc](const std::string& asked) {
            return command_line(asked.substr(0, asked.find(' ')), proc);
        },
        most_commands);
    if (!commands)
        return commands.error();
    return DetailsReader(std::move(connect), *std::move(commands));
}

Result<Details> DetailsReader::read(Kind kind, const Line& line) {
    Details details;
    const auto pid = number_of(kind, line, "pid");
    std::string command;
    if (pid && *pid != 0)
        command = commands_
                      .get(std::to_string(*pid) + ' ' +
                           std::to_string(number_of(kind, line, "started").value_or(0)))
                      .value_or("");
    details.facts = facts_of(kind, line, command);
    const bool ended =
        !std::holds_alternative<std::monostate>(line.who.empty() ? Cell() : line.who[0]) &&
        cell_of(kind, line, "exited") != nullptr;
    if (is_class(line) || ended)
        return details;
    std::ostringstream notes;
    const bool of_process = kind == Kind::processes || kind == Kind::trees || kind == Kind::threads;
    std::optional<std::uint32_t> tgid;
    if (of_process && pid)
        tgid = static_cast<std::uint32_t>(*pid);
    auto sampler = ConnectionSampler::start(tgid, false, notes, connect_);
    if (!sampler)
        return sampler.error();
    sampler->tell_ways();
    auto connections = sampler->take();
    if (!connections)
        return connections.error();
    for (auto& connection : *connections)
        if (belongs(connection, kind, line, identities_))
            details.connections.push_back(std::move(connection));
    std::stable_sort(details.connections.begin(), details.connections.end(),
                     [](const Connection& a, const Connection& b) {
                         return a.moved.all().bytes > b.moved.all().bytes;
                     });
    details.note = notes.str();
    return details;
}

} // namespace netatop
