// SPDX-License-Identifier: GPL-2.0-only
#include "exits/ends.h"

#include <stdexcept>

#include "lib/pair.h"
#include "lib/sockets.h"

namespace guest {

void end_a_process(unsigned datagrams) {
    const auto& pair = standard_pair();
    Helper(pair.a.ns, [&](Channel&) {
        send_to(udp_socket(Family::v4), pair.b.at(Family::v4, 9), 10, datagrams);
    }).join();
    if (Ctl().force_gc())
        throw std::runtime_error("FORCE_GC fails");
}

void take_on_demand(Channel& test) {
    const Ctl client;
    for (;;) {
        netpertask record{};
        socklen_t size = sizeof(record);
        if (const int error = client.call(NETATOP_GETCNT_EXIT, &record, &size))
            fail("GETCNT_EXIT", error);
        test.send(record.udpsndpacks);
        test.wait();
    }
}

unsigned long long taken(Helper& reader) {
    return reader.receive<unsigned long long>();
}

} // namespace guest
