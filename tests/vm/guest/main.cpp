// SPDX-License-Identifier: GPL-2.0-only
// The test program that runs as root inside a booted kernel. NETATOP_KO names the module to load,
// NETATOP_PARAMS holds module parameters to be used with every load.
#include <gtest/gtest.h>

#include <csignal>
#include <iostream>
#include <string>

#include "lib/command.h"
#include "lib/module.h"
#include "lib/scene.h"

namespace {

class Guest : public testing::Environment {
public:
    void SetUp() override {
        // What the module depends on; a kernel that has one built in needs no modprobe.
        guest::run({"modprobe", "-a", "nf_socket_ipv4", "nf_socket_ipv6"});
        // A slow machine's queues must not drop what a sender's device has not counted yet.
        guest::write_file("/proc/sys/net/core/netdev_max_backlog", "100000");
    }
    void TearDown() override {
        if (guest::module::loaded()) {
            EXPECT_EQ(guest::module::unload(), 0);
        }
    }
};

} // namespace

int main(int argc, char** argv) {
    if (argc == 3 && std::string(argv[1]) == guest::scene_argument)
        return guest::play_scene(argv[2]);
    ::signal(SIGPIPE, SIG_IGN);
    testing::InitGoogleTest(&argc, argv);
    testing::AddGlobalTestEnvironment(new Guest);
    return RUN_ALL_TESTS();
}
