// SPDX-License-Identifier: GPL-2.0-only
#include "event.h"

#include "connections.h"
#include "json.h"
#include "rows.h"
#include "text.h"
#include "uapi/netatop_netlink.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace netatop {

namespace {

constexpr std::size_t name_width = 15;
constexpr std::size_t user_width = 8;

std::string to_the_right(const std::string& text, std::size_t columns) {
    return std::string(columns - std::min(columns, width(text)), ' ') + text;
}

std::string clock_time(std::int64_t since_epoch_ms) {
    const auto time = static_cast<std::time_t>(since_epoch_ms / 1000);
    std::tm parts{};
    std::array<char, 16> text{};
    if (::localtime_r(&time, &parts) == nullptr ||
        std::strftime(text.data(), text.size(), "%H:%M:%S", &parts) == 0)
        return "?";
    return text.data();
}

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : text;
}

void text_or_null(JsonObject& object, const char* name, const std::string& text) {
    if (text.empty())
        object.null(name);
    else
        object.text(name, text);
}

template <typename T>
void number_or_null(JsonObject& object, const char* name, const std::optional<T>& value) {
    if (value)
        object.number(name, std::uint64_t{*value});
    else
        object.null(name);
}

void put_place(JsonObject& object, const std::string& path, const Workload& workload) {
    text_or_null(object, "path", path);
    text_or_null(object, "unit", full_unit(workload));
    text_or_null(object, "container", workload.container);
    text_or_null(object, "pod", workload.pod);
}

std::string exit_object(const Task& task, Identities& identities, std::int64_t now) {
    JsonObject object;
    object.text("event", "exit").milliseconds("time", now);
    if (task.end)
        object.milliseconds("exited", Identities::epoch_ms(*task.end));
    else
        object.null("exited");
    object.number("pid", std::uint64_t{task.tgid});
    number_or_null(object, "parent", task.parent);
    object.text("name", task.name)
        .number("started", std::max<std::int64_t>(Identities::epoch_ms(task.start) / 1000, 0));
    number_or_null(object, "uid", task.uid);
    text_or_null(object, "user", identities.user(task));
    number_or_null(object, "cgroup", task.cgroup);
    put_place(object, identities.path(task), identities.workload(task));
    number_or_null(object, "netns", task.netns);
    for (const auto& counter : named_counters)
        object.number(counter.name, counter.of(task.counters));
    return object.line();
}

std::string cgroup_object(const Cgroup& cgroup, Identities& identities, std::int64_t now) {
    JsonObject object;
    object.text("event", "cgroup").milliseconds("time", now).number("cgroup", cgroup.id);
    if (cgroup.parent != 0)
        object.number("parent", cgroup.parent);
    else
        object.null("parent");
    put_place(object, identities.path(cgroup.id), identities.workload(cgroup.id));
    for (const auto& counter : named_counters)
        object.number(counter.name, counter.of(cgroup.own));
    for (const auto& counter : named_counters)
        object.number(std::string(ended_prefix) + counter.name, counter.of(cgroup.ended_below));
    return object.line();
}

const char* class_name(const Socket& socket) {
    return socket.without_owner == NETATOP_CLASS_KERNEL ? "kernel" : "waiting";
}

void put_owner(JsonObject& object, const Task& owner, Identities& identities) {
    if (owner.tgid == 0) {
        for (const char* name : {"pid", "name", "started", "uid", "user"})
            object.null(name);
        return;
    }
    object.number("pid", std::uint64_t{owner.tgid})
        .text("name", owner.name)
        .number("started", std::max<std::int64_t>(Identities::epoch_ms(owner.start) / 1000, 0));
    number_or_null(object, "uid", owner.uid);
    text_or_null(object, "user", identities.user(owner));
}

std::string close_object(const Closed& closed, Identities& identities, std::int64_t now) {
    const auto& owner = closed.owner;
    JsonObject object;
    object.text("event", "close").milliseconds("time", now);
    if (owner.end)
        object.milliseconds("closed", Identities::epoch_ms(*owner.end));
    else
        object.null("closed");
    object.text("protocol", protocol_name(closed.socket));
    text_or_null(object, "local", closed.local.text());
    text_or_null(object, "remote", closed.remote.text());
    put_owner(object, owner, identities);
    text_or_null(object, "class", owner.tgid == 0 ? class_name(closed.socket) : "");
    number_or_null(object, "cgroup", owner.cgroup);
    put_place(object, identities.path(owner), identities.workload(owner));
    object.number("netns", std::uint64_t{closed.socket.netns})
        .number("cookie", closed.socket.cookie);
    for (const auto& counter : named_counters)
        object.number(counter.name, counter.of(closed.socket.counters));
    return object.line();
}

// The unit comes last, for it may be long.
std::string table_line(const std::array<std::string, 9>& cells) {
    constexpr std::array<std::size_t, 4> widths{7, 8, 6, 6};
    std::string line = fitted(cells[0], 8) + ' ' + to_the_right(cells[1], 7) + ' ' +
                       fitted(cells[2], user_width) + ' ' + fitted(cells[3], name_width);
    for (std::size_t i = 0; i < widths.size(); ++i)
        line += ' ' + to_the_right(cells.at(4 + i), widths.at(i));
    return line + ' ' + cells[8] + '\n';
}

// When, who, what he carried, and where he was.
std::string numbers_line(const std::array<std::string, 4>& who, const Counters& counters,
                         const std::string& where, const EventStyle& style) {
    const auto shown = [&](std::uint64_t value) {
        return style.exact ? std::to_string(value) : short_number(value);
    };
    const Flow sent = counters.sent();
    const Flow received = counters.received();
    return table_line({who[0], who[1], or_dash(harmless(who[2])), or_dash(harmless(who[3])),
                       shown(sent.bytes), shown(received.bytes), shown(sent.packets),
                       shown(received.packets), or_dash(harmless(where))});
}

std::string exit_line(const Task& task, const EventStyle& style, Identities& identities,
                      std::int64_t now) {
    return numbers_line({clock_time(task.end ? Identities::epoch_ms(*task.end) : now),
                         std::to_string(task.tgid), identities.user(task), task.name},
                        task.counters, full_unit(identities.workload(task)), style);
}

std::string cgroup_line(const Cgroup& cgroup, const EventStyle& style, Identities& identities,
                        std::int64_t now) {
    const auto& path = identities.path(cgroup.id);
    return numbers_line({clock_time(now), "-", "-", "(cgroup)"}, cgroup.own,
                        path.empty() ? '#' + std::to_string(cgroup.id) : path, style);
}

std::string close_line(const Closed& closed, const EventStyle& style, Identities& identities,
                       std::int64_t now) {
    const auto& owner = closed.owner;
    const bool owned = owner.tgid != 0;
    return numbers_line({clock_time(owner.end ? Identities::epoch_ms(*owner.end) : now),
                         owned ? std::to_string(owner.tgid) : "-",
                         owned ? identities.user(owner) : "-",
                         owned ? owner.name : "(" + std::string(class_name(closed.socket)) + ")"},
                        closed.socket.counters,
                        std::string(protocol_name(closed.socket)) + ' ' +
                            or_dash(closed.local.text()) + ' ' + or_dash(closed.remote.text()),
                        style);
}

} // namespace

std::string event_head(const EventStyle& style) {
    return style.json ? std::string()
                      : table_line({"ENDED", "PID", "USER", "NAME", "SENT", "RECEIVED", "SNDPKT",
                                    "RCVPKT", "UNIT"});
}

std::string event_line(const End& end, const EventStyle& style, Identities& identities,
                       std::int64_t now) {
    if (end.of == End::Of::task)
        return style.json ? exit_object(end.task, identities, now)
                          : exit_line(end.task, style, identities, now);
    if (end.of == End::Of::cgroup) {
        identities.learn(end.cgroup);
        return style.json ? cgroup_object(end.cgroup, identities, now)
                          : cgroup_line(end.cgroup, style, identities, now);
    }
    if (end.of == End::Of::socket)
        return style.json ? close_object(end.closed, identities, now)
                          : close_line(end.closed, style, identities, now);
    if (style.json)
        return JsonObject().text("event", "overrun").milliseconds("time", now).line();
    return clock_time(now) + " events were lost: more came at once than were read in time\n";
}

} // namespace netatop
