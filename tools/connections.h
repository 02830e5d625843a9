// SPDX-License-Identifier: GPL-2.0-only
// What sockets that are open have carried, with their owners and addresses.
#pragma once

#include "client.h"
#include "endpoints.h"
#include "identity.h"
#include "listing.h"

#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

namespace netatop {

struct Connection {
    Socket socket;
    Counters moved;
    std::optional<Task> owner;
    Endpoints endpoints; // empty where they are not known
};

class ConnectionSampler {
public:
    // Of one process, if given; since the sample before, if `rates`.
    static Result<ConnectionSampler> start(std::optional<std::uint32_t> tgid, bool rates,
                                           std::ostream& notes,
                                           const Connect& connect = connect_generic);

    // The first one of rates tells nothing itself, or, with those that are idle, that all are.
    Result<std::vector<Connection>> take();
    // Of rates: those that carried nothing meanwhile too.
    void tell_idle() { idle_ = true; }
    // The ways of TCP too.
    void tell_ways() { ways_ = true; }

private:
    using Key = std::tuple<std::uint64_t, std::uint32_t>; // cookie and protocol
    using Sockets = std::map<Key, Socket>;

    ConnectionSampler(std::optional<std::uint32_t> tgid, bool rates, std::ostream& notes,
                      Client client)
        : tgid_(tgid), rates_(rates), notes_(&notes), client_(std::move(client)) {}

    [[nodiscard]] Result<Sockets> dump() const;
    Result<std::map<std::uint32_t, Task>> owners();
    EndpointsByCookie endpoints_of(const Sockets& sockets);

    std::optional<std::uint32_t> tgid_;
    bool rates_;
    bool idle_ = false;
    bool ways_ = false;
    bool noted_ = false; // that some addresses are not known
    std::ostream* notes_;
    Client client_;
    std::optional<Sockets> before_;
};

// "tcp" or "udp".
const char* protocol_name(const Socket& socket);

// Which connections are listed, beside what a filter says of their owners.
struct ConnectionFilter {
    std::string remote;                // a pattern for the address
    std::optional<std::uint16_t> port; // on either side

    [[nodiscard]] bool any() const { return port || !remote.empty(); }
    [[nodiscard]] bool takes(const Connection& connection) const;
};

// One for each connection, or for each remote address.
std::vector<Line> connection_lines(const std::vector<Connection>& connections,
                                   Identities& identities);
std::vector<Line> remote_lines(const std::vector<Connection>& connections);

} // namespace netatop
