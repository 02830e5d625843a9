// What is neither TCP nor UDP: an echo request, which the stack answers.
#include "workload.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <array>

namespace {

class Echo : public Workload {
public:
    explicit Echo(const Path& path)
        : family_(path.family), to_(path.server.address, 0),
          socket_(open_socket(path.client, SOCK_DGRAM,
                              path.family == AF_INET ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6})) {}

    void run(long operations) override {
        std::array<char, 64> request{}, reply{};

        request[0] = static_cast<char>(family_ == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
        for (long i = 0; i < operations; i++) {
            if (::sendto(socket_.get(), request.data(), request.size(), 0, to_.get(), to_.length) <
                0)
                fail("echo request");
            if (::recv(socket_.get(), reply.data(), reply.size(), 0) < 0)
                fail("echo reply");
        }
    }

private:
    int family_;
    Address to_;
    Fd socket_;
};

} // namespace

std::vector<Recipe> icmp_recipes(const Path& path) {
    return {{"icmp", 10, 100, 10, [path] { return std::make_unique<Echo>(path); }}};
}
