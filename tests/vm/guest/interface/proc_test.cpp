// SPDX-License-Identifier: GPL-2.0-only
// /proc/netatop: labels, order and blank lines as people and scripts read them; numbers that agree.
#include "lib/guest_test.h"

#include <fcntl.h>
#include <netinet/ip_icmp.h>
#include <numeric>
#include <regex>
#include <sys/stat.h>

using namespace guest;

namespace {

class ProcFile : public GuestTest {};

// Sends echo requests until so many replies came.
void ping(const Address& to, unsigned times) {
    const Fd socket(check(::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), "ICMP socket"));
    const timeval limit{10, 0};
    check(::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), "timeout");
    for (unsigned i = 0; i < times; i++) {
        icmphdr request{};
        request.type = ICMP_ECHO;
        request.un.echo.sequence = htons(i);
        std::uint32_t sum = 0;
        for (std::size_t at = 0; at < sizeof(request) / 2; at++)
            sum += reinterpret_cast<const std::uint16_t*>(&request)[at];
        request.checksum = ~((sum & 0xffff) + (sum >> 16));
        check(::sendto(socket.get(), &request, sizeof(request), 0, to.get(), to.size()), "ping");
        char reply[128];
        check(::recv(socket.get(), reply, sizeof(reply), 0), "reply to ping");
    }
}

} // namespace

TEST_F(ProcFile, LabelsOrderAndBlankLines) {
    const std::vector<std::string> expected = {
        R"(tcpsndpacks:\s+\d+ \(unident:\s+\d+\))",
        R"(tcprcvpacks:\s+\d+ \(unident:\s+\d+\))",
        R"(udpsndpacks:\s+\d+ \(unident:\s+\d+\))",
        R"(udprcvpacks:\s+\d+ \(unident:\s+\d+\))",
        "",
        R"(icmpsndpacks:\s+\d+)",
        R"(icmprcvpacks:\s+\d+)",
        "",
        R"(#sockinfo:\s+\d+ \(overflow:\s+\d+\))",
        R"(#taskinfo:\s+\d+ \(overflow:\s+\d+\))",
        R"(#taskexit:\s+\d+)",
        "",
        R"(modversion:\s+\d+\.\d+\.\d+)",
        "",
        R"(total:(\s+\d+){8})",
        R"(waiting:(\s+\d+){8})",
        R"(kernel:(\s+\d+){8})",
        R"(nosocket:(\s+\d+){8})",
        R"(gone:(\s+\d+){8})",
        R"(overflow:(\s+\d+){8})",
        R"(exited:(\s+\d+){8})",
    };
    const auto lines = module::Status::read().lines;
    ASSERT_GE(lines.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); i++)
        EXPECT_TRUE(std::regex_match(lines[i], std::regex(expected[i])))
            << "line " << i + 1 << " is \"" << lines[i] << "\", not /" << expected[i] << "/";
}

TEST_F(ProcFile, EverybodyMayRead) {
    struct stat status {};
    check(::stat("/proc/netatop", &status), "stat");
    compare("mode", 0444U, status.st_mode & 07777);
    Helper nobody(nullptr, [](Channel&) {
        check(::setresuid(65534, 65534, 65534), "setresuid");
        module::Status::read();
    });
    EXPECT_NO_THROW(nobody.join());
}

TEST_F(ProcFile, TotalsGrowByWhatIsSent) {
    const auto& pair = standard_pair();
    const auto before = module::Status::read();
    UdpParties parties(pair.a.ns, pair.b.ns, pair.b.at(Family::v4));
    parties.send(100, 25);
    const auto flow = datagrams(Family::v4, 25, 100);
    compare_soon("total", udp({flow, flow}),
                 [&] { return module::counters("total") - before.counters("total"); });
    const auto after = module::Status::read();
    compare("udpsndpacks", 25U, after.number("udpsndpacks") - before.number("udpsndpacks"));
    compare("udprcvpacks", 25U, after.number("udprcvpacks") - before.number("udprcvpacks"));
}

TEST_F(ProcFile, UnidentifiedIsTheSumOfTheClasses) {
    const auto status = module::Status::read();
    Counters sum;
    for (const auto& label : module::classes)
        sum = sum + status.counters(label);
    compare("tcpsndpacks", sum.tcp.out.packets, status.number("tcpsndpacks", 1));
    compare("tcprcvpacks", sum.tcp.in.packets, status.number("tcprcvpacks", 1));
    compare("udpsndpacks", sum.udp.out.packets, status.number("udpsndpacks", 1));
    compare("udprcvpacks", sum.udp.in.packets, status.number("udprcvpacks", 1));
}

TEST_F(ProcFile, IcmpIsCounted) {
    const auto& pair = standard_pair();
    const auto before = module::Status::read();
    Helper pinging(pair.a.ns, [&](Channel&) { ping(pair.b.at(Family::v4), 5); });
    pinging.join();
    const auto after = module::Status::read();
    // Requests and replies, each sent by one namespace and received by the other.
    compare("icmpsndpacks", 10U, after.number("icmpsndpacks") - before.number("icmpsndpacks"));
    compare("icmprcvpacks", 10U, after.number("icmprcvpacks") - before.number("icmprcvpacks"));
}
