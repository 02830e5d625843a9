// SPDX-License-Identifier: GPL-2.0-only
#include "lib/site.h"

#include <cstring>
#include <map>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>

namespace guest {

namespace {

constexpr std::uint16_t port = 7000;
constexpr std::uint16_t sender_port = 7001;

void bind_to_device(const Fd& socket, const std::string& device) {
    check(::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, device.c_str(),
                       static_cast<socklen_t>(device.size() + 1)),
          "bind to device");
}

// Those that receive no stream.
bool is_datagrams_only(Binding binding) {
    return binding == Binding::connected || binding == Binding::group ||
           binding == Binding::other_group;
}

// The device to which a socket is bound, if to any. An address of a VRF is none of those outside.
std::string bound_device(Binding binding, Family family, const Site& site) {
    switch (binding) {
    case Binding::device:
    case Binding::address_and_device:
        return site.device;
    case Binding::link_local: // of IPv6, by the address
        return family == Family::v4 ? site.device : "";
    case Binding::other_device:
        return other_device;
    case Binding::address:
    case Binding::master:
    case Binding::connected:
        return site.master;
    default:
        return {};
    }
}

} // namespace

const char* name(Binding binding) {
    static const std::map<Binding, const char*> names = {
        {Binding::connected, "connected"},
        {Binding::address_and_device, "address and device"},
        {Binding::link_local, "link-local"},
        {Binding::address, "address"},
        {Binding::group, "group"},
        {Binding::device, "device"},
        {Binding::master, "VRF"},
        {Binding::other_device, "other device"},
        {Binding::wildcard, "wildcard"},
        {Binding::other_group, "other group"},
        {Binding::all_families, "IPv6 for all"},
    };
    return names.at(binding);
}

const char* name(Scope scope) {
    static const std::map<Scope, const char*> names = {
        {Scope::global, "global"},
        {Scope::link_local, "link-local"},
        {Scope::group, "group"},
        {Scope::own_global, "own global"},
        {Scope::loopback, "loopback"},
        {Scope::own_link_local, "own link-local"},
        {Scope::broadcast, "broadcast"},
        {Scope::all_broadcast, "limited broadcast"},
        {Scope::own_broadcast, "own broadcast"},
    };
    return names.at(scope);
}

bool is_own(Scope scope) {
    return scope >= Scope::own_global;
}

bool is_for_all(Scope scope) {
    return scope == Scope::group || scope == Scope::broadcast || scope == Scope::all_broadcast ||
           scope == Scope::own_broadcast;
}

Address site_address(Family family, Scope scope, bool receiver) {
    const std::string host = receiver ? "2" : "1";
    const bool v4 = family == Family::v4;
    switch (scope) {
    case Scope::link_local:
    case Scope::own_link_local:
        return {(v4 ? "169.254.8." : "fe80::8:") + host, port};
    case Scope::group:
        return {v4 ? "239.8.8.8" : "ff15::8", port};
    case Scope::broadcast: // of IPv4 alone, like the next
        return {"10.8.0.255", port};
    case Scope::all_broadcast:
        return {"255.255.255.255", port};
    case Scope::own_broadcast:
        return {"127.255.255.255", port};
    case Scope::loopback:
        return {v4 ? "127.0.0.1" : "::1", port};
    default:
        return {(v4 ? "10.8.0." : "fd08::") + host, port};
    }
}

Address other_group(Family family) {
    return {family == Family::v4 ? "239.8.8.9" : "ff15::9", port};
}

void join_group(const Fd& socket, const Address& group, const std::string& device) {
    group_req membership{};
    membership.gr_interface = ::if_nametoindex(device.c_str());
    std::memcpy(&membership.gr_group, group.get(), group.size());
    const int level = group.family() == Family::v4 ? SOL_IP : SOL_IPV6;
    check(::setsockopt(socket.get(), level, MCAST_JOIN_GROUP, &membership, sizeof(membership)),
          "join group");
}

SiteReceiver::SiteReceiver(const Namespace& ns, const Site& site, Family family, Binding binding)
    : site_(site), family_(family), binding_(binding),
      helper_(ns, [this](Channel& test) { obey(test); }) {}

void SiteReceiver::open() {
    helper_.send('o');
    helper_.wait();
    open_ = true;
}

void SiteReceiver::close() {
    helper_.send('c');
    helper_.wait();
    open_ = false;
}

unsigned SiteReceiver::received() {
    helper_.send('r');
    return helper_.receive<unsigned>();
}

bool SiteReceiver::accepts() {
    helper_.send('a');
    return helper_.receive<bool>();
}

void SiteReceiver::finish() {
    helper_.send('f');
    helper_.wait();
}

TcpTally SiteReceiver::told() {
    helper_.send('t');
    return helper_.receive<TcpTally>();
}

Fd SiteReceiver::make(int type) const {
    const auto wildcard =
        Address::any(binding_ == Binding::all_families ? Family::v6 : family_, port);
    Fd socket(check(::socket(domain(wildcard.family()), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                    "socket"));
    // Groups of sockets have scenarios of their own: so these are none.
    set_option(socket, SOL_SOCKET, type == SOCK_DGRAM ? SO_REUSEADDR : SO_REUSEPORT, 1);
    if (wildcard.family() == Family::v6)
        set_option(socket, SOL_IPV6, IPV6_V6ONLY, binding_ != Binding::all_families);
    const auto device = bound_device(binding_, family_, site_);
    if (!device.empty())
        bind_to_device(socket, device);
    const auto at = address(wildcard);
    check(::bind(socket.get(), at.get(), at.size()), name(binding_));
    return socket;
}

Address SiteReceiver::address(const Address& wildcard) const {
    switch (binding_) {
    case Binding::address:
    case Binding::address_and_device:
        return site_address(family_, Scope::own_global, true);
    case Binding::link_local:
        return site_address(family_, Scope::own_link_local, true)
            .with_scope(::if_nametoindex(site_.device.c_str()));
    case Binding::group:
        return site_address(family_, Scope::group, true);
    default:
        return wildcard;
    }
}

void SiteReceiver::open_sockets() {
    udp_ = make(SOCK_DGRAM);
    if (binding_ == Binding::connected) {
        const auto peer = site_address(family_, Scope::global, false).with_port(sender_port);
        check(::connect(udp_.get(), peer.get(), peer.size()), "connect");
    }
    if (binding_ == Binding::other_group) {
        join_group(udp_, other_group(family_), site_.device);
        set_option(udp_, family_ == Family::v4 ? SOL_IP : SOL_IPV6,
                   family_ == Family::v4 ? IP_MULTICAST_ALL : IPV6_MULTICAST_ALL, 0);
    }
    if (is_datagrams_only(binding_))
        return;
    listener_ = make(SOCK_STREAM);
    check(::listen(listener_.get(), 8), "listen");
}

unsigned SiteReceiver::drain() const {
    char data[2048];
    unsigned count = 0;
    while (::recv(udp_.get(), static_cast<char*>(data), sizeof(data), 0) >= 0)
        count++;
    return count;
}

bool SiteReceiver::accept() {
    pollfd waits{listener_.get(), POLLIN, 0};
    if (listener_.get() < 0 || ::poll(&waits, 1, 0) <= 0)
        return false;
    connection_ = tcp_accept(listener_);
    read_stream(connection_, site_request);
    write_stream(connection_, site_response);
    return true;
}

void SiteReceiver::obey(Channel& test) {
    for (;;) {
        switch (test.receive<char>()) {
        case 'o':
            open_sockets();
            test.signal();
            break;
        case 'c':
            udp_ = Fd();
            listener_ = Fd();
            test.signal();
            break;
        case 'r':
            test.send(drain());
            break;
        case 'a':
            test.send(accept());
            break;
        case 'f':
            read_to_end(connection_);
            finish_writing(connection_);
            test.signal();
            break;
        default:
            test.send(tally(connection_));
            connection_ = Fd();
        }
    }
}

SiteSender::SiteSender(const Namespace& ns, Family family, std::string device, std::string bound_to,
                       bool own)
    : family_(family), device_(std::move(device)), bound_to_(std::move(bound_to)), own_(own),
      helper_(ns, [this](Channel& test) { obey(test); }) {}

void SiteSender::datagrams(Scope scope, std::size_t size, unsigned times) {
    helper_.send(Order{'d', scope, size, times});
    helper_.wait();
}

bool SiteSender::connects(Scope scope) {
    helper_.send(Order{'c', scope, 0, 0});
    return helper_.receive<bool>();
}

void SiteSender::close_first() {
    helper_.send(Order{'e', {}, 0, 0});
    helper_.wait();
}

TcpTally SiteSender::finish() {
    helper_.send(Order{'f', {}, 0, 0});
    return helper_.receive<TcpTally>();
}

Address SiteSender::target(Scope scope) const {
    const auto address = site_address(family_, scope, true);
    if (scope == Scope::link_local || scope == Scope::own_link_local)
        return address.with_scope(::if_nametoindex(device_.c_str()));
    return address;
}

Fd SiteSender::udp() const {
    Fd socket = udp_socket(family_);
    set_option(socket, SOL_SOCKET, SO_BROADCAST, 1);
    if (!bound_to_.empty())
        bind_to_device(socket, bound_to_);
    if (own_)
        return socket;
    const auto at = Address::any(family_, sender_port);
    check(::bind(socket.get(), at.get(), at.size()), "bind sender");
    const int interface = static_cast<int>(::if_nametoindex(device_.c_str()));
    if (family_ == Family::v6) {
        set_option(socket, SOL_IPV6, IPV6_MULTICAST_IF, interface);
        return socket;
    }
    ip_mreqn request{};
    request.imr_ifindex = interface;
    check(::setsockopt(socket.get(), SOL_IP, IP_MULTICAST_IF, &request, sizeof(request)),
          "multicast interface");
    return socket;
}

bool SiteSender::connect(const Address& to) {
    connection_ = Fd(check(::socket(domain(family_), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    if (!bound_to_.empty())
        bind_to_device(connection_, bound_to_);
    if (::connect(connection_.get(), to.get(), to.size()) < 0) {
        if (errno != ECONNREFUSED)
            fail("connect");
        return false;
    }
    write_stream(connection_, site_request);
    return true;
}

void SiteSender::obey(Channel& test) {
    const Fd socket = udp();
    for (;;) {
        const auto order = test.receive<Order>();
        switch (order.what) {
        case 'd':
            send_to(socket, target(order.scope), order.size, order.times);
            test.signal();
            break;
        case 'c':
            test.send(connect(target(order.scope)));
            break;
        case 'e':
            read_stream(connection_, site_response);
            finish_writing(connection_);
            test.signal();
            break;
        default:
            read_to_end(connection_);
            test.send(tally(connection_));
            connection_ = Fd();
        }
    }
}

} // namespace guest
