// SPDX-License-Identifier: GPL-2.0-only
// Conversations between a client process and a server process, for scenarios where only the counts
// matter: both tell what they did and stay alive until the test ends.
#pragma once

#include <vector>

#include "lib/helper.h"
#include "lib/pair.h"
#include "lib/sockets.h"

namespace guest {

// Rounds of request and response over one TCP connection, then an orderly end.
struct TcpTalk {
    Family family = Family::v4;
    std::size_t request = 1;
    std::size_t response = 1;
    unsigned rounds = 1;
    int protocol = 0; // 0 is TCP
};

class TcpParties {
public:
    TcpParties(const Namespace& client_ns, const Namespace& server_ns, const Address& server,
               const TcpTalk& talk);
    // Runs the conversation; can be called once.
    void run();

    Helper server;
    Helper client;
    TcpTally client_tally{};
    TcpTally server_tally{};
};

// Takes in what is sent to an address, so that no errors come back.
Helper sink(const Namespace& ns, const Address& at);

// Datagrams of the given sizes from a sender to a receiver that never sends.
class UdpParties {
public:
    UdpParties(const Namespace& sender_ns, const Namespace& receiver_ns, const Address& receiver);
    void send(std::size_t size, unsigned times = 1);
    void send(const std::vector<std::size_t>& sizes);
    // The same in two steps, so that several can send at once.
    void start(std::size_t size, unsigned times);
    void finish() { sender.wait(); }

private:
    struct Order {
        std::size_t size;
        unsigned times;
    };
    static void run_sender(Channel& channel, Address to);

public:
    Helper receiver;
    Helper sender;
};

} // namespace guest
