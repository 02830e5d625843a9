// SPDX-License-Identifier: GPL-2.0-only
// A client of the module's generic netlink family, by hand: the tests' own reading of the messages.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/counters.h"
#include "lib/fd.h"

namespace guest {

// What a message says of a task; numbers that it lacks are 0.
struct GenlTask {
    std::uint8_t command = 0;
    std::uint32_t tgid = 0;
    std::uint32_t pid = 0;
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::string comm;
    std::uint32_t uid = 0;
    std::uint64_t cgroup = 0;
    std::uint32_t parent = 0;
    std::uint32_t netns = 0;
    Counters counters;
    Counters loopback; // the part of them that went over loopback
};

// What a message says of a socket.
struct GenlSock {
    std::uint64_t cookie = 0;
    std::uint32_t protocol = 0;
    std::uint32_t family = 0;
    std::uint32_t netns = 0;
    std::optional<std::uint32_t> owner_class;
    std::uint32_t tgid = 0;
    std::uint32_t pid = 0;
    std::uint64_t start = 0;
    Counters counters;
    Counters loopback;
};

// What a message says of a socket that closed. Addresses are as on the wire; without a peer there
// is none, and its port is 0.
struct GenlClosed : GenlSock {
    std::uint8_t command = 0;
    std::uint64_t end = 0;
    std::string comm;
    std::optional<std::uint32_t> uid;
    std::uint64_t cgroup = 0;
    std::vector<std::uint8_t> local;
    std::vector<std::uint8_t> remote;
    std::uint32_t local_port = 0;
    std::uint32_t remote_port = 0;
};

// What a message says of everything: its attributes by their numbers.
struct GenlSums {
    Counters counters;
    Counters loopback;
    std::map<std::uint16_t, Counters> parts;
    std::map<std::uint16_t, Counters> parts_loopback;
    std::map<std::uint16_t, std::uint64_t> numbers;
    std::string path; // with its zero; empty when it is not there

    Counters part(std::uint16_t type) const;
    Counters part_loopback(std::uint16_t type) const;
    std::uint64_t number(std::uint16_t type) const; // fails when it is not there
};

struct GenlAttribute {
    std::uint16_t type;
    std::vector<std::uint8_t> value;

    static GenlAttribute number(std::uint16_t type, std::uint32_t value);
    static GenlAttribute number64(std::uint16_t type, std::uint64_t value);
    static GenlAttribute flag(std::uint16_t type) { return {type, {}}; }
};

class Genl {
public:
    // Finds the family; throws when there is none.
    Genl();

    // Sends a request; what comes back is left for next().
    void ask(std::uint8_t command, const std::vector<GenlAttribute>& attributes, bool dump);
    // One more datagram of the answer: false at its end, when error() says how that was.
    bool next(std::vector<GenlTask>& into);
    bool next(std::vector<GenlSock>& into);
    bool next(std::vector<GenlSums>& into);
    int error() const { return error_; }

    // All of an answer.
    std::vector<GenlTask> tasks(const std::vector<GenlAttribute>& attributes, bool dump);
    std::vector<GenlSock> socks(const std::vector<GenlAttribute>& attributes = {});
    std::optional<GenlTask> process(pid_t tgid);
    std::optional<GenlSums> total();
    // Of each cgroup, by its number.
    std::map<std::uint64_t, GenlSums> cgroups();
    // The next cgroup that ends, waiting for it.
    std::optional<GenlSums> heard_cgroup();

    // A message as it stands, but for the number of the family; false when the kernel takes none
    // like that. What comes back is thrown away.
    bool send_raw(std::vector<std::uint8_t> message);

    // 0 or an error number.
    int listen(const std::string& group);
    // Is there a message to a group?
    bool waiting() const;
    // The next message to a group, waiting for it.
    std::optional<GenlTask> heard();
    GenlClosed heard_closed();
    // The error number that comes among so many sockets that close, or 0.
    int error_among_closed(unsigned messages);
    // So much memory for messages that are not read.
    void buffer(int size) const;

private:
    template <class Take>
    bool next_each(Take take); // of the messages of a datagram
    void find_family();
    void send(std::uint16_t type, std::uint16_t flags, std::uint8_t command,
              const std::vector<GenlAttribute>& attributes);

    Fd socket_;
    std::uint16_t family_ = 0;
    std::uint32_t sequence_ = 0;
    int error_ = 0;
    std::vector<std::pair<std::string, std::uint32_t>> groups_;
};

} // namespace guest
