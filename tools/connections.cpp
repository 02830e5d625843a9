// SPDX-License-Identifier: GPL-2.0-only
#include "connections.h"

#include "netns.h"
#include "uapi/netatop_netlink.h"

#include <fnmatch.h>
#include <netinet/in.h>

#include <array>
#include <iterator>
#include <set>

namespace netatop {

namespace {

// Whose it is where no process owns it.
std::string class_name(const Socket& socket) {
    if (!socket.without_owner)
        return {};
    return *socket.without_owner == NETATOP_CLASS_KERNEL ? "kernel" : "waiting";
}

// Adds those of all sockets in these network namespaces; false when the caller may not look at some
// of them, or they are gone.
bool add_endpoints_in(const std::set<std::uint32_t>& inodes, bool ways, EndpointsByCookie& to) {
    const auto own = own_netns();
    bool all = true;
    std::map<std::uint32_t, std::string> paths;
    for (const auto inode : inodes) {
        if (inode == own) {
            all = add_endpoints(to, ways) && all;
            continue;
        }
        if (paths.empty())
            paths = all_netns();
        const auto path = paths.find(inode);
        const auto there =
            path == paths.end() ? Result<Netns>(Error{"gone"}) : Netns::enter(path->second);
        all = there && add_endpoints(to, ways) && all;
    }
    return all;
}

} // namespace

const char* protocol_name(const Socket& socket) {
    return socket.protocol == IPPROTO_TCP ? "tcp" : "udp";
}

Result<ConnectionSampler> ConnectionSampler::start(std::optional<std::uint32_t> tgid, bool rates,
                                                   std::ostream& notes, const Connect& connect) {
    auto client = Client::open(connect);
    if (!client)
        return client.error();
    return ConnectionSampler(tgid, rates, notes, *std::move(client));
}

Result<ConnectionSampler::Sockets> ConnectionSampler::dump() const {
    Sockets sockets;
    for (auto& socket : client_.sockets(tgid_)) {
        if (!socket)
            return socket.error();
        const Key key{socket->cookie, socket->protocol};
        sockets[key] = *std::move(socket);
    }
    return sockets;
}

Result<std::map<std::uint32_t, Task>> ConnectionSampler::owners() {
    std::map<std::uint32_t, Task> owners;
    for (auto& task : client_.tasks({false, tgid_})) {
        if (!task)
            return task.error();
        const auto tgid = task->tgid;
        owners[tgid] = *std::move(task);
    }
    return owners;
}

EndpointsByCookie ConnectionSampler::endpoints_of(const Sockets& sockets) {
    std::set<std::uint32_t> netns;
    for (const auto& [key, socket] : sockets)
        netns.insert(socket.netns);
    EndpointsByCookie endpoints;
    if (!add_endpoints_in(netns, ways_, endpoints) && !noted_) {
        *notes_ << "netatop: addresses of sockets in other network namespaces are not shown where "
                   "they are gone or you may not look (be root, on the host)\n";
        noted_ = true;
    }
    return endpoints;
}

Result<std::vector<Connection>> ConnectionSampler::take() {
    auto present = dump();
    if (!present)
        return present.error();
    const auto owners = this->owners();
    if (!owners)
        return owners.error();
    std::vector<Connection> connections;
    if (!rates_ || before_ || idle_) {
        const auto endpoints = endpoints_of(*present);
        for (const auto& [key, socket] : *present) {
            Connection connection{socket, socket.counters, std::nullopt, {}};
            if (const auto known = endpoints.find(socket.cookie); known != endpoints.end())
                connection.endpoints = known->second;
            if (rates_ && !before_)
                connection.moved = {};
            else if (rates_)
                if (const auto old = before_->find(key); old != before_->end())
                    connection.moved -= old->second.counters;
            if (!connection.moved.any() && !idle_)
                continue;
            if (socket.tgid)
                if (const auto owner = owners->find(*socket.tgid); owner != owners->end())
                    connection.owner = owner->second;
            connections.push_back(std::move(connection));
        }
    }
    if (rates_)
        before_ = *std::move(present);
    return connections;
}

bool ConnectionFilter::takes(const Connection& connection) const {
    const auto& [local, peer, state, way] = connection.endpoints;
    return (remote.empty() || ::fnmatch(remote.c_str(), peer.address.c_str(), 0) == 0) &&
           (!port || *port == local.port || *port == peer.port);
}

std::vector<Line> connection_lines(const std::vector<Connection>& connections,
                                   Identities& identities) {
    std::vector<Line> lines;
    lines.reserve(connections.size());
    for (const auto& [socket, moved, owner, endpoints] : connections) {
        static const Task nobody;
        const Task& task = owner ? *owner : nobody;
        const std::string class_of = class_name(socket);
        Line line;
        line.name = owner ? task.name : class_of;
        line.shown = owner ? task.name : "(" + class_of + ")";
        line.pid = socket.tgid.value_or(0);
        line.counters = moved;
        line.total = socket.counters;
        const Workload& workload = identities.workload(task);
        std::array<Cell, 13> cells{std::string(protocol_name(socket)),
                                   text_or_null(endpoints.local.text()),
                                   text_or_null(endpoints.remote.text()),
                                   text_or_null(endpoints.state),
                                   number_or_null(socket.tgid),
                                   owner ? Cell(task.name) : Cell(),
                                   text_or_null(class_of),
                                   number_or_null(task.uid),
                                   text_or_null(identities.user(task)),
                                   text_or_null(full_unit(workload)),
                                   text_or_null(workload.container),
                                   std::uint64_t{socket.netns},
                                   socket.cookie};
        line.who.assign(std::make_move_iterator(cells.begin()),
                        std::make_move_iterator(cells.end()));
        lines.push_back(std::move(line));
    }
    return lines;
}

std::vector<Line> remote_lines(const std::vector<Connection>& connections) {
    struct Remote {
        std::uint64_t connections = 0;
        Counters moved;
        Counters total;
    };
    std::map<std::string, Remote> remotes;
    for (const auto& connection : connections) {
        auto& remote = remotes[connection.endpoints.remote.address];
        ++remote.connections;
        remote.moved += connection.moved;
        remote.total += connection.socket.counters;
    }
    std::vector<Line> lines;
    for (const auto& [address, remote] : remotes) {
        Line line;
        line.name = line.shown = address;
        line.counters = remote.moved;
        line.total = remote.total;
        line.who = {text_or_null(address), remote.connections};
        lines.push_back(std::move(line));
    }
    return lines;
}

} // namespace netatop
