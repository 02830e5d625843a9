// SPDX-License-Identifier: GPL-2.0-only
#include "lib/scene.h"

#include <fcntl.h>
#include <iostream>
#include <sstream>
#include <unistd.h>

#include "lib/helper.h"
#include "lib/sockets.h"

namespace guest {

int play_scene(const std::string& script) {
    try {
        int socket = -1;
        int channel = -1;
        unsigned size = 0;
        unsigned times = 0;
        std::istringstream(script) >> socket >> channel >> size >> times;
        Channel test{Fd(channel)};
        const Fd connected(socket);
        send_connected(connected, size, times);
        test.signal();
        test.wait();
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "after exec: " << error.what() << std::endl;
        return 1;
    }
}

void exec_scene(int socket, int channel, unsigned size, unsigned times) {
    for (const int fd : {socket, channel})
        check(::fcntl(fd, F_SETFD, 0), "keep over exec");
    std::ostringstream script;
    script << socket << ' ' << channel << ' ' << size << ' ' << times;
    ::execl("/proc/self/exe", "netatop-guest", scene_argument, script.str().c_str(), nullptr);
    fail("exec");
}

} // namespace guest
