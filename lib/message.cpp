// SPDX-License-Identifier: GPL-2.0-only
#include "message.h"

#include "uapi/netatop_netlink.h"

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace netatop {

namespace {

Error malformed(const std::string& what) {
    return {"a message of the kernel is malformed: " + what, Cause::version};
}

// What libmnl would say of an attribute that was looked at, without a call: a dump has some
// hundred thousand attributes.
std::uint16_t type_of(const nlattr& attribute) {
    return attribute.nla_type & NLA_TYPE_MASK;
}
std::size_t size_of(const nlattr& attribute) {
    return attribute.nla_len - std::size_t{NLA_HDRLEN};
}
const char* bytes_of(const nlattr& attribute) {
    return static_cast<const char*>(static_cast<const void*>(&attribute)) + NLA_HDRLEN;
}
bool fits(const nlattr& attribute, std::size_t size) {
    return attribute.nla_len >= NLA_HDRLEN && attribute.nla_len <= size;
}

// The value of a number; none when it is shorter.
template <typename T>
std::optional<T> number_in(const nlattr& attribute) {
    T value{};
    if (size_of(attribute) < sizeof value)
        return std::nullopt;
    std::memcpy(&value, bytes_of(attribute), sizeof value);
    return value;
}

std::string text_in(const nlattr& attribute) {
    const char* bytes = bytes_of(attribute);
    return {bytes, ::strnlen(bytes, size_of(attribute))};
}

// Takes what an attribute says of all interfaces, or of loopback, if it is one of these; false when
// it is too short.
bool take_counters(Counters& counters, const nlattr& attribute) {
    const auto type = type_of(attribute);
    if (type != NETATOP_A_COUNTERS && type != NETATOP_A_LOOPBACK)
        return true;
    const auto raw = number_in<netatop_counters>(attribute);
    if (!raw)
        return false;
    const bool all = type == NETATOP_A_COUNTERS;
    (all ? counters.tcp_sent : counters.loopback_tcp_sent) = {raw->tcp_sent_packets,
                                                              raw->tcp_sent_bytes};
    (all ? counters.tcp_received : counters.loopback_tcp_received) = {raw->tcp_received_packets,
                                                                      raw->tcp_received_bytes};
    (all ? counters.udp_sent : counters.loopback_udp_sent) = {raw->udp_sent_packets,
                                                              raw->udp_sent_bytes};
    (all ? counters.udp_received : counters.loopback_udp_received) = {raw->udp_received_packets,
                                                                      raw->udp_received_bytes};
    return true;
}

// Puts a value into its place; false when there is none.
template <typename To, typename T>
bool put(To& to, const std::optional<T>& value) {
    if (value)
        to = *value;
    return value.has_value();
}

bool put_port(std::uint16_t& to, const std::optional<std::uint32_t>& value) {
    to = static_cast<std::uint16_t>(value.value_or(0));
    return value.has_value();
}

// Takes what an attribute says of a task; false when it is too short.
bool take(Task& task, const nlattr& attribute) {
    switch (type_of(attribute)) {
    case NETATOP_A_TGID:
        return put(task.tgid, number_in<std::uint32_t>(attribute));
    case NETATOP_A_PID:
        return put(task.pid, number_in<std::uint32_t>(attribute));
    case NETATOP_A_START:
        return put(task.start, number_in<std::uint64_t>(attribute));
    case NETATOP_A_END:
        return put(task.end, number_in<std::uint64_t>(attribute));
    case NETATOP_A_COMM:
        task.name = text_in(attribute);
        return true;
    case NETATOP_A_UID:
        return put(task.uid, number_in<std::uint32_t>(attribute));
    case NETATOP_A_CGROUP:
        return put(task.cgroup, number_in<std::uint64_t>(attribute));
    case NETATOP_A_PARENT:
        return put(task.parent, number_in<std::uint32_t>(attribute));
    case NETATOP_A_NETNS:
        return put(task.netns, number_in<std::uint32_t>(attribute));
    default:
        return take_counters(task.counters, attribute);
    }
}

// Likewise of a socket.
bool take(Socket& socket, const nlattr& attribute) {
    switch (type_of(attribute)) {
    case NETATOP_A_COOKIE:
        return put(socket.cookie, number_in<std::uint64_t>(attribute));
    case NETATOP_A_PROTOCOL:
        return put(socket.protocol, number_in<std::uint32_t>(attribute));
    case NETATOP_A_FAMILY:
        return put(socket.family, number_in<std::uint32_t>(attribute));
    case NETATOP_A_NETNS:
        return put(socket.netns, number_in<std::uint32_t>(attribute));
    case NETATOP_A_TGID:
        return put(socket.tgid, number_in<std::uint32_t>(attribute));
    case NETATOP_A_START:
        return put(socket.start, number_in<std::uint64_t>(attribute));
    case NETATOP_A_CLASS:
        return put(socket.without_owner, number_in<std::uint32_t>(attribute));
    default:
        return take_counters(socket.counters, attribute);
    }
}

// The address in an attribute; none when it is shorter than one of its family.
std::optional<std::string> address_in(const nlattr& attribute, std::uint32_t family) {
    if (size_of(attribute) < address_size(family))
        return std::nullopt;
    return address_text(family, bytes_of(attribute));
}

// Likewise of a socket that closed. The family stands before the addresses.
bool take(Closed& closed, const nlattr& attribute) {
    switch (type_of(attribute)) {
    case NETATOP_A_LOCAL:
        return put(closed.local.address, address_in(attribute, closed.socket.family));
    case NETATOP_A_REMOTE:
        return put(closed.remote.address, address_in(attribute, closed.socket.family));
    case NETATOP_A_LOCAL_PORT:
        return put_port(closed.local.port, number_in<std::uint32_t>(attribute));
    case NETATOP_A_REMOTE_PORT:
        return put_port(closed.remote.port, number_in<std::uint32_t>(attribute));
    default:
        return take(closed.socket, attribute) && take(closed.owner, attribute);
    }
}

// Visits the attributes in so many bytes; false when they are not well formed, or the visitor says
// so.
template <typename Visit>
bool each_attribute(const void* begin, std::size_t size, Visit visit) {
    const auto* at = static_cast<const char*>(begin);
    while (size >= sizeof(nlattr)) {
        const auto* attribute = static_cast<const nlattr*>(static_cast<const void*>(at));
        if (!fits(*attribute, size) || !visit(*attribute))
            return false;
        const std::size_t step = MNL_ALIGN(attribute->nla_len);
        if (step >= size)
            return true;
        at += step;
        size -= step;
    }
    return true;
}

template <typename Visit>
bool each_attribute_of(const nlattr& nest, Visit visit) {
    return each_attribute(bytes_of(nest), size_of(nest), visit);
}

template <typename Visit>
bool each_attribute_of(const nlmsghdr& message, std::size_t offset, Visit visit) {
    const std::size_t size = mnl_nlmsg_get_payload_len(&message);
    return size >= offset &&
           each_attribute(mnl_nlmsg_get_payload_offset(&message, offset), size - offset, visit);
}

// Takes the counters of a nest; false when it is not well formed. One without counters is zero.
bool take_nest(Counters& counters, const nlattr& nest) {
    return each_attribute_of(
        nest, [&](const nlattr& attribute) { return take_counters(counters, attribute); });
}

// What an attribute says of a cgroup.
bool take(Cgroup& cgroup, const nlattr& attribute) {
    switch (type_of(attribute)) {
    case NETATOP_A_CGROUP:
        return put(cgroup.id, number_in<std::uint64_t>(attribute));
    case NETATOP_A_PARENT_CGROUP:
        return put(cgroup.parent, number_in<std::uint64_t>(attribute));
    case NETATOP_A_ENDED_BELOW:
        return take_nest(cgroup.ended_below, attribute);
    case NETATOP_A_WAITING:
        return take_nest(cgroup.waiting, attribute);
    case NETATOP_A_PATH:
        cgroup.path = text_in(attribute);
        return true;
    default:
        return take_counters(cgroup.own, attribute);
    }
}

// What an attribute says of everything.
bool take(Total& total, const nlattr& attribute) {
    struct Part {
        std::uint16_t type;
        Counters Total::*counters;
    };
    constexpr std::array<Part, 7> parts{{{NETATOP_A_WAITING, &Total::waiting},
                                         {NETATOP_A_KERNEL, &Total::kernel},
                                         {NETATOP_A_NOSOCKET, &Total::nosocket},
                                         {NETATOP_A_GONE, &Total::gone},
                                         {NETATOP_A_OVERFLOW, &Total::overflow},
                                         {NETATOP_A_EXITED, &Total::exited},
                                         {NETATOP_A_NOCGROUP, &Total::nocgroup}}};
    struct Number {
        std::uint16_t type;
        std::uint64_t Total::*number;
    };
    constexpr std::array<Number, 15> numbers{
        {{NETATOP_A_SOCKETS, &Total::sockets},
         {NETATOP_A_SOCKET_OVERFLOWS, &Total::socket_overflows},
         {NETATOP_A_UNOWNED, &Total::unowned},
         {NETATOP_A_TASKS, &Total::tasks},
         {NETATOP_A_TASK_OVERFLOWS, &Total::task_overflows},
         {NETATOP_A_CGROUPS, &Total::cgroups},
         {NETATOP_A_CGROUP_OVERFLOWS, &Total::cgroup_overflows},
         {NETATOP_A_RECORDS, &Total::records},
         {NETATOP_A_RECORDS_DROPPED, &Total::records_dropped},
         {NETATOP_A_WALKS, &Total::walks},
         {NETATOP_A_WALK_DESCRIPTORS, &Total::walk_descriptors},
         {NETATOP_A_ACCOUNTING, &Total::accounting},
         {NETATOP_A_PAUSES, &Total::pauses},
         {NETATOP_A_PAUSED_MS, &Total::paused_ms},
         {NETATOP_A_LOADED, &Total::loaded}}};
    const auto type = type_of(attribute);
    for (const auto& part : parts)
        if (part.type == type)
            return take_nest(total.*part.counters, attribute);
    for (const auto& one : numbers)
        if (one.type == type)
            return put(total.*one.number, number_in<std::uint64_t>(attribute));
    return take_counters(total.all, attribute);
}

bool take_group(Family& family, const nlattr& group) {
    std::string name;
    std::uint32_t id = 0;
    const bool taken = each_attribute_of(group, [&](const nlattr& attribute) {
        if (type_of(attribute) == CTRL_ATTR_MCAST_GRP_NAME)
            name = text_in(attribute);
        if (type_of(attribute) == CTRL_ATTR_MCAST_GRP_ID)
            return put(id, number_in<std::uint32_t>(attribute));
        return true;
    });
    family.groups[name] = id;
    return taken;
}

} // namespace

std::optional<std::uint8_t> command_of(const nlmsghdr& message) {
    if (mnl_nlmsg_get_payload_len(&message) < GENL_HDRLEN)
        return std::nullopt;
    return static_cast<const genlmsghdr*>(mnl_nlmsg_get_payload(&message))->cmd;
}

Result<Task> parse_task(const nlmsghdr& message) {
    Task task;
    bool counted = false;
    const bool taken = each_attribute_of(message, GENL_HDRLEN, [&](const nlattr& attribute) {
        counted = counted || type_of(attribute) == NETATOP_A_COUNTERS;
        return take(task, attribute);
    });
    if (!taken)
        return malformed("a task");
    if (task.tgid == 0 || !counted)
        return malformed("a task without a number or counters");
    return task;
}

Result<Socket> parse_socket(const nlmsghdr& message) {
    Socket socket;
    bool counted = false;
    const bool taken = each_attribute_of(message, GENL_HDRLEN, [&](const nlattr& attribute) {
        counted = counted || type_of(attribute) == NETATOP_A_COUNTERS;
        return take(socket, attribute);
    });
    if (!taken)
        return malformed("a socket");
    if (socket.cookie == 0 || !counted)
        return malformed("a socket without a cookie or counters");
    return socket;
}

Result<Closed> parse_closed(const nlmsghdr& message) {
    Closed closed;
    bool counted = false;
    const bool taken = each_attribute_of(message, GENL_HDRLEN, [&](const nlattr& attribute) {
        counted = counted || type_of(attribute) == NETATOP_A_COUNTERS;
        return take(closed, attribute);
    });
    if (!taken)
        return malformed("a closed socket");
    if (closed.socket.cookie == 0 || !counted)
        return malformed("a closed socket without a cookie or counters");
    return closed;
}

Result<Cgroup> parse_cgroup(const nlmsghdr& message) {
    Cgroup cgroup;
    bool counted = false;
    const bool taken = each_attribute_of(message, GENL_HDRLEN, [&](const nlattr& attribute) {
        counted = counted || type_of(attribute) == NETATOP_A_COUNTERS;
        return take(cgroup, attribute);
    });
    if (!taken)
        return malformed("a cgroup");
    if (cgroup.id == 0 || !counted)
        return malformed("a cgroup without a number or counters");
    return cgroup;
}

Result<Total> parse_total(const nlmsghdr& message) {
    Total total;
    bool counted = false;
    const bool taken = each_attribute_of(message, GENL_HDRLEN, [&](const nlattr& attribute) {
        counted = counted || type_of(attribute) == NETATOP_A_COUNTERS;
        return take(total, attribute);
    });
    if (!taken)
        return malformed("a total");
    if (!counted)
        return malformed("a total without counters");
    return total;
}

Result<Family> parse_family(const nlmsghdr& message) {
    Family family;
    const bool taken = each_attribute_of(message, GENL_HDRLEN, [&](const nlattr& attribute) {
        switch (type_of(attribute)) {
        case CTRL_ATTR_FAMILY_ID:
            return put(family.id, number_in<std::uint16_t>(attribute));
        case CTRL_ATTR_VERSION:
            return put(family.version, number_in<std::uint32_t>(attribute));
        case CTRL_ATTR_MCAST_GROUPS:
            return each_attribute_of(
                attribute, [&](const nlattr& group) { return take_group(family, group); });
        default:
            return true;
        }
    });
    if (!taken || family.id == 0)
        return malformed("a family");
    return family;
}

Result<Answer> parse_answer(const nlmsghdr& message) {
    int code = 0;
    const std::size_t size = mnl_nlmsg_get_payload_len(&message);
    if (size < sizeof code)
        return malformed("an answer");
    std::memcpy(&code, mnl_nlmsg_get_payload(&message), sizeof code);
    constexpr int lowest = -4095; // that is an error number
    Answer answer{-std::clamp(code, lowest, 0), {}};
    if ((message.nlmsg_flags & NLM_F_ACK_TLVS) == 0)
        return answer;
    // Behind the number stands what was asked: its header at least, and all of it unless capped.
    std::size_t offset = sizeof code;
    if (message.nlmsg_type == NLMSG_ERROR) {
        nlmsghdr asked{};
        if (size < offset + sizeof asked)
            return malformed("an answer");
        std::memcpy(&asked, mnl_nlmsg_get_payload_offset(&message, offset), sizeof asked);
        const bool capped = (message.nlmsg_flags & NLM_F_CAPPED) != 0;
        offset += capped ? sizeof asked : MNL_ALIGN(std::size_t{asked.nlmsg_len});
    }
    const bool taken = each_attribute_of(message, offset, [&](const nlattr& attribute) {
        if (type_of(attribute) == NLMSGERR_ATTR_MSG)
            answer.text = text_in(attribute);
        return true;
    });
    if (!taken)
        return malformed("an answer");
    return answer;
}

} // namespace netatop
