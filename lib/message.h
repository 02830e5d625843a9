// SPDX-License-Identifier: GPL-2.0-only
// What messages of the family "netatop" say. Attributes that this program does not know are passed
// over, and structures may be longer than it knows, so that a newer module can say more.
#pragma once

#include "counters.h"
#include "endpoint.h"
#include "result.h"

#include <linux/netlink.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace netatop {

// A process, or a thread where `pid` says which.
struct Task {
    std::uint32_t tgid = 0;
    std::optional<std::uint32_t> pid;
    std::uint64_t start = 0;          // ns since boot, suspension included
    std::optional<std::uint64_t> end; // likewise, of a process that ended
    std::string name;                 // any bytes
    std::optional<std::uint32_t> uid;
    std::optional<std::uint64_t> cgroup;
    std::optional<std::uint32_t> parent; // its number, of a process that ended
    std::optional<std::uint32_t>
        netns; // inode of the network namespace that it was in last, likewise
    Counters counters;
};

// Of a message whose length was looked at. An error where something is not as the family has it, or
// what names the task is missing.
Result<Task> parse_task(const nlmsghdr& message);

// A socket that has carried something, and who owns it: a process, or a class where none does.
struct Socket {
    std::uint64_t cookie = 0;   // the kernel's name for it
    std::uint32_t protocol = 0; // IPPROTO_TCP or IPPROTO_UDP
    std::uint32_t family = 0;   // AF_INET or AF_INET6
    std::uint32_t netns = 0;    // inode of its network namespace
    std::optional<std::uint32_t> tgid;
    std::optional<std::uint64_t> start;         // of the process, ns since boot
    std::optional<std::uint32_t> without_owner; // enum netatop_class
    Counters counters;
};

// Likewise.
Result<Socket> parse_socket(const nlmsghdr& message);

// A socket that closed, with what it carried since it was known.
struct Closed {
    Socket socket;
    Task owner; // its process, with the end of the socket; number 0 where none owns it
    Endpoint local;
    Endpoint remote; // empty without a peer
};

// Likewise.
Result<Closed> parse_closed(const nlmsghdr& message);

// A cgroup (version 2), and what was carried in it.
struct Cgroup {
    std::uint64_t id = 0;     // inode of its directory
    std::uint64_t parent = 0; // of the cgroup above; 0 of the root
    // Of its tasks, those that exited included, and of sockets made in it whose process is gone.
    Counters own;
    Counters ended_below; // of cgroups that ended below it
    Counters waiting;     // of sockets made in it, or in those, that have no owner yet
    std::string path{};   // from the root on, which is "/"; empty where the module does not say
};

// Likewise.
Result<Cgroup> parse_cgroup(const nlmsghdr& message);

// All packets together, those that no task owns, and the state of the module.
struct Total {
    Counters all;
    Counters waiting;  // of sockets without owner, and of datagrams that came in part
    Counters kernel;   // of sockets of the kernel
    Counters nosocket; // of no socket
    Counters gone;     // of sockets whose process is gone
    Counters overflow; // for which there was no room
    Counters exited;   // of processes that have exited
    Counters nocgroup; // of which nobody knows in which cgroup that was

    std::uint64_t sockets = 0; // known, as tasks and cgroups; and how often there was no room
    std::uint64_t socket_overflows = 0;
    std::uint64_t unowned = 0; // sockets without owner
    std::uint64_t tasks = 0;
    std::uint64_t task_overflows = 0;
    std::uint64_t cgroups = 0;
    std::uint64_t cgroup_overflows = 0;
    std::uint64_t records = 0; // of processes that exited, for who reads by getsockopt
    std::uint64_t records_dropped = 0;
    std::uint64_t walks = 0; // searches for owners, and descriptors that they looked at
    std::uint64_t walk_descriptors = 0;
    std::uint64_t accounting = 0; // 1 when packets are counted
    std::uint64_t pauses = 0;     // how often that was switched off, and for how long in all
    std::uint64_t paused_ms = 0;
    std::uint64_t loaded = 0; // ns since boot
};

// Likewise.
Result<Total> parse_total(const nlmsghdr& message);

// The command of a message of the family; none when it is too short.
std::optional<std::uint8_t> command_of(const nlmsghdr& message);

// What nlctrl says of a family.
struct Family {
    std::uint16_t id = 0;
    std::uint32_t version = 0;
    std::map<std::string, std::uint32_t> groups;
};
Result<Family> parse_family(const nlmsghdr& message);

// An answer that says how it went: the error number, 0 for none, and the kernel's words.
struct Answer {
    int code = 0;
    std::string text;
};
Result<Answer> parse_answer(const nlmsghdr& message);

} // namespace netatop
