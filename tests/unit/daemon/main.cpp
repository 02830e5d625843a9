// SPDX-License-Identifier: GPL-2.0-only
// Runs the tests where they can neither meet the host's daemon nor hurt its mounts.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    const int spaces = CLONE_NEWIPC | CLONE_NEWNS;
    if (::unshare(::geteuid() == 0 ? spaces : spaces | CLONE_NEWUSER) != 0) {
        std::perror("daemon tests: cannot get namespaces of their own; run them as root");
        return 1;
    }
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        std::perror("daemon tests: cannot make mounts private");
        return 1;
    }
    return RUN_ALL_TESTS();
}
