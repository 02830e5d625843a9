// SPDX-License-Identifier: GPL-2.0-only
// A transparent proxy: the packet filter gives packets for other hosts to a socket of its own, and
// it answers with their addresses.
#include "lib/guest_test.h"

#include <array>
#include <netinet/in.h>

using namespace guest;

namespace {

constexpr std::uint16_t proxy_port = 5000;
constexpr std::uint16_t service = 80;
constexpr std::size_t request = 700;
constexpr std::size_t response = 2000;

class Proxy : public FamilyTest {
protected:
    void SetUp() override {
        FamilyTest::SetUp();
        const std::string ip = v4() ? "ip" : "ip6";
        route_.router.nft("table " + ip +
                          " proxy {\n chain before {\n type filter hook prerouting priority -150;\n"
                          " iifname r0 meta l4proto { tcp, udp } tproxy to :" +
                          std::to_string(proxy_port) + " meta mark set 1 accept\n }\n}\n");
        const std::string tool = v4() ? "ip -4 " : "ip -6 ";
        route_.router.run(tool + "rule add fwmark 1 lookup 100");
        route_.router.run(tool + "route add local default dev lo table 100");
    }
    // A socket for other hosts' addresses.
    Fd transparent(int type, const Address& at) const {
        Fd socket(check(::socket(domain(family()), type | SOCK_CLOEXEC, 0), "socket"));
        set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
        if (v4())
            set_option(socket, SOL_IP, IP_TRANSPARENT, 1);
        else
            set_option(socket, SOL_IPV6, IPV6_TRANSPARENT, 1);
        check(::bind(socket.get(), at.get(), at.size()), "bind");
        return socket;
    }
    Traffic of_router() const {
        return device_counters(route_.router, "r0") + device_counters(route_.router, "r1");
    }

    const Route route_;
};

} // namespace

BOTH_FAMILIES(Proxy);

TEST_P(Proxy, OfConnections) {
    Ledger ledger({[&] { return route_.a.carried(); }, [&] { return route_.b.carried(); },
                   [&] { return of_router(); }});
    const auto a_before = route_.a.carried();
    const auto b_before = route_.b.carried();
    const auto router_before = of_router();
    Helper server(route_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(route_.b.at(family(), service));
        test.signal();
        const Fd connection = tcp_accept(listener);
        read_stream(connection, request);
        write_stream(connection, response);
        test.wait();
    });
    server.wait();
    Helper proxy(route_.router, [&](Channel& test) {
        const Fd listener = transparent(SOCK_STREAM, Address::any(family(), proxy_port));
        check(::listen(listener.get(), 10), "listen");
        test.signal();
        const Fd inner = tcp_accept(listener);
        const Fd outer = tcp_connected(Address::local_of(inner.get()));
        write_stream(outer, read_stream(inner, request));
        write_stream(inner, read_stream(outer, response));
        test.signal();
        test.wait();
    });
    proxy.wait();
    Helper client(route_.a.ns, [&](Channel& test) {
        const Fd connection = tcp_connected(route_.b.at(family(), service));
        write_stream(connection, request);
        read_stream(connection, response);
        test.signal();
        test.wait();
    });
    client.wait();
    proxy.wait();
    compare_settled(
        "client", [&] { return tcp(route_.a.carried() - a_before); },
        [&] { return ctl.process_counters(client.pid()); });
    compare_settled(
        "server", [&] { return tcp(route_.b.carried() - b_before); },
        [&] { return ctl.process_counters(server.pid()); });
    compare_settled(
        "proxy", [&] { return tcp(of_router() - router_before); },
        [&] { return ctl.process_counters(proxy.pid()); });
    ledger.compare();
}

TEST_P(Proxy, OfDatagrams) {
    constexpr unsigned count = 5;
    Ledger ledger({[&] { return route_.a.carried(); }, [&] { return of_router(); }});
    const auto a_before = route_.a.carried();
    const auto router_before = of_router();
    Helper proxy(route_.router, [&](Channel& test) {
        const Fd requests = transparent(SOCK_DGRAM, Address::any(family(), proxy_port));
        const Fd answers = transparent(SOCK_DGRAM, route_.b.at(family(), service));
        test.signal();
        for (unsigned i = 0; i < count; i++) {
            std::array<char, request> data{};
            sockaddr_storage from{};
            socklen_t size = sizeof(from);
            auto* address = reinterpret_cast<sockaddr*>(&from);
            check(::recvfrom(requests.get(), data.data(), data.size(), 0, address, &size),
                  "recvfrom");
            check(::sendto(answers.get(), data.data(), data.size(), 0, address, size), "sendto");
        }
        test.wait();
    });
    proxy.wait();
    Helper client(route_.a.ns, [&](Channel& test) {
        const Fd socket = udp_connected(route_.b.at(family(), service));
        for (unsigned i = 0; i < count; i++) {
            send_connected(socket, request);
            receive(socket);
        }
        test.signal();
        test.wait();
    });
    client.wait();
    compare("packets of the proxy", std::uint64_t{2 * count},
            (of_router() - router_before).out.packets + (of_router() - router_before).in.packets);
    compare_settled(
        "client", [&] { return udp(route_.a.carried() - a_before); },
        [&] { return ctl.process_counters(client.pid()); });
    compare_settled(
        "proxy", [&] { return udp(of_router() - router_before); },
        [&] { return ctl.process_counters(proxy.pid()); });
    ledger.compare();
}
