// SPDX-License-Identifier: GPL-2.0-only
// The generic netlink family, asked for nonsense: messages that are nearly right, at random.
#include "lib/guest_test.h"

#include <cstdlib>
#include <cstring>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <random>

#include "lib/genl.h"
#include "uapi/netatop_netlink.h"

using namespace guest;

namespace {

class NetlinkRandom : public GuestTest {
protected:
    unsigned random(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

    // An attribute whose length may lie, with what may be a number of ours.
    void add_attribute(std::vector<std::uint8_t>& message) {
        const unsigned size = random(4) ? (random(2) ? 4 : 8) : random(random(8) ? 20 : 300);
        unsigned length = NLA_HDRLEN + size;
        if (random(16) == 0)
            length = random(65536);
        unsigned type = random(NETATOP_A_MAX + 3);
        if (random(16) == 0)
            type |= NLA_F_NESTED;
        if (random(32) == 0)
            type = random(65536);
        const nlattr header{static_cast<std::uint16_t>(length), static_cast<std::uint16_t>(type)};
        const auto begin = message.size();
        message.resize(begin + NLA_ALIGN(NLA_HDRLEN + size));
        std::memcpy(message.data() + begin, &header, sizeof(header));
        const unsigned range = random(2) ? 256 : 2;
        for (unsigned i = 0; i < size; i++)
            message[begin + NLA_HDRLEN + i] = static_cast<std::uint8_t>(random(range));
    }

    std::vector<std::uint8_t> message() {
        std::vector<std::uint8_t> message(NLMSG_HDRLEN + GENL_HDRLEN);
        for (unsigned i = random(5); i > 0; i--)
            add_attribute(message);
        nlmsghdr header{};
        header.nlmsg_len = static_cast<std::uint32_t>(message.size());
        if (random(16) == 0)
            header.nlmsg_len = random(2 * header.nlmsg_len + 1);
        header.nlmsg_flags = NLM_F_REQUEST;
        header.nlmsg_flags |= static_cast<std::uint16_t>(random(2) ? NLM_F_DUMP : NLM_F_ACK);
        if (random(16) == 0)
            header.nlmsg_flags = static_cast<std::uint16_t>(random(65536));
        std::memcpy(message.data(), &header, sizeof(header));
        message[NLMSG_HDRLEN] = static_cast<std::uint8_t>(random(random(16) ? 8 : 256));
        message[NLMSG_HDRLEN + 1] = static_cast<std::uint8_t>(random(4));
        if (random(32) == 0)
            message.resize(random(static_cast<unsigned>(message.size())) + 1);
        return message;
    }

    void talk(unsigned long count) {
        const char* given = std::getenv("NETATOP_SEED");
        const unsigned seed =
            given ? static_cast<unsigned>(std::atoi(given)) : std::random_device()();
        std::cout << "NETATOP_SEED=" << seed << '\n';
        random_.seed(seed);
        const Fd socket = udp_bound(Address("127.0.0.1", 0));
        send_to(socket, Address::local_of(socket.get()), 20);
        Genl genl;
        unsigned long sent = 0;
        for (unsigned long i = 0; i < count; i++) {
            sent += genl.send_raw(message());
            if (random(500) == 0) // in the middle of a dump perhaps
                genl = Genl();
        }
        std::cout << sent << " messages\n";
        EXPECT_TRUE(Genl().process(::getpid())) << "it no longer answers";
    }

private:
    std::mt19937 random_;
};

} // namespace

TEST_F(NetlinkRandom, ManyMessages) {
    talk(25'000);
}

// By name only, and with a time limit of hours.
TEST_F(NetlinkRandom, DISABLED_TenMillionMessages) {
    talk(10'000'000);
}
