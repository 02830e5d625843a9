// SPDX-License-Identifier: GPL-2.0-only
// counters PID: print what the module's getsockopt says of a process: the eight
// numbers of struct netpertask, in its order.

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>

#include "uapi/netatop.h"

int main(int argc, char** argv) {
    netpertask npt{};
    socklen_t length = sizeof(npt);
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    npt.id = argc == 2 ? std::atoi(argv[1]) : 0;
    if (getsockopt(fd, SOL_IP, NETATOP_GETCNT_TGID, &npt, &length) != 0) {
        std::perror("getsockopt");
        return 1;
    }
    std::printf("%llu %llu %llu %llu %llu %llu %llu %llu\n", npt.tcpsndpacks, npt.tcpsndbytes,
                npt.tcprcvpacks, npt.tcprcvbytes, npt.udpsndpacks, npt.udpsndbytes, npt.udprcvpacks,
                npt.udprcvbytes);
    return 0;
}
