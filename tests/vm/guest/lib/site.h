// SPDX-License-Identifier: GPL-2.0-only
// For scenarios of look-ups: an interface, the sockets that can be bound on its host in every kind
// of way, and who sends to them.
#pragma once

#include <string>

#include "lib/helper.h"
#include "lib/sockets.h"

namespace guest {

enum class Binding {
    connected,
    address_and_device,
    link_local,
    address,
    group,
    device,
    master,
    other_device,
    wildcard,
    other_group,
    all_families,
};
const char* name(Binding binding);

// What a packet is for: from elsewhere, or from the same host.
enum class Scope {
    global,
    link_local,
    group,
    broadcast,     // of the subnet
    all_broadcast, // 255.255.255.255
    own_global,
    own_link_local,
    loopback,
    own_broadcast, // that of lo
};
const char* name(Scope scope);
bool is_own(Scope scope);
// Is it for many at once?
bool is_for_all(Scope scope);

// Where the sockets are: the interface under test, and what belongs to it.
struct Site {
    std::string device = {};
    std::string master = {};                 // the VRF, if it belongs to one
    bool remote = true;                      // can somebody else send to it?
    std::size_t header_in = ethernet_header; // what it counts for what it receives
    std::size_t header_own = 0; // what that one counts which carries the host's own packets
    bool broadcasts = true;     // do they come through this interface alone?
    bool one_by_one = false;    // also without the most specific, and the next, and so on
};

// The interface through which nothing comes.
constexpr auto other_device = "o0";
// What a connection carries.
constexpr std::size_t site_request = 100;
constexpr std::size_t site_response = 50;

// An address of one of two hosts at the interface.
Address site_address(Family family, Scope scope, bool receiver);
Address other_group(Family family);
void join_group(const Fd& socket, const Address& group, const std::string& device);

// One process with the two sockets of one binding, which it opens and closes when told so.
class SiteReceiver {
public:
    SiteReceiver(const Namespace& ns, const Site& site, Family family, Binding binding);

    pid_t pid() const { return helper_.pid(); }
    Binding binding() const { return binding_; }
    bool is_open() const { return open_; }
    void open();
    void close();
    // Datagrams that came since the last time.
    unsigned received();
    // Has it the connection? If so it serves it.
    bool accepts();
    // Its half of the connection ends.
    void finish();
    // Of that, what its socket counted, without the answer to the request for it. Asked for when
    // the other side is done, for until then it may have something to acknowledge.
    TcpTally told();

private:
    Fd make(int type) const;
    Address address(const Address& wildcard) const;
    void open_sockets();
    unsigned drain() const;
    bool accept();
    void obey(Channel& test);

    Site site_;
    Family family_;
    Binding binding_;
    bool open_ = false;
    Fd udp_;
    Fd listener_;
    Fd connection_;
    Helper helper_;
};

// Sends from one place when told so: from the other host, or from the same one.
class SiteSender {
public:
    // Through a device; bound to one too, unless that is empty.
    SiteSender(const Namespace& ns, Family family, std::string device, std::string bound_to,
               bool own);

    void datagrams(Scope scope, std::size_t size, unsigned times);
    // False when nobody listens.
    bool connects(Scope scope);
    // Its half of the connection ends.
    void close_first();
    TcpTally finish();

private:
    struct Order {
        char what;
        Scope scope;
        std::size_t size;
        unsigned times;
    };

    Address target(Scope scope) const;
    Fd udp() const;
    bool connect(const Address& to);
    void obey(Channel& test);

    Family family_;
    std::string device_;
    std::string bound_to_;
    bool own_;
    Fd connection_;
    Helper helper_;
};

} // namespace guest
