// SPDX-License-Identifier: GPL-2.0-only
// Names of users, cgroups, units and containers.
#include "accounts.h"
#include "cgroups.h"
#include "identity.h"
#include "workload.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace netatop::test {

namespace {

const std::string id(64, 'a');
const std::string other_id(64, 'b');

std::string engine_and_container(const std::string& path) {
    const auto workload = workload_of(path);
    return workload.engine + " " + workload.container;
}

class CgroupsTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_NE(::mkdtemp(root.data()), nullptr);
        std::filesystem::create_directories(root + "/system.slice/a.service");
        std::filesystem::create_directories(root + "/b");
    }
    void TearDown() override { std::filesystem::remove_all(root); }

    [[nodiscard]] std::uint64_t inode(const std::string& path) const {
        struct stat status {};
        EXPECT_EQ(::stat((root + path).c_str(), &status), 0) << path;
        return status.st_ino;
    }

    std::string root = ::testing::TempDir() + "/cgroups-XXXXXX";
};

} // namespace

TEST(Accounts, Names) {
    Accounts accounts;
    EXPECT_EQ(accounts.name(0), "root");
    EXPECT_EQ(accounts.name(4294967294), "4294967294");
    EXPECT_EQ(Accounts::find("root"), 0U);
    EXPECT_EQ(Accounts::find("4711"), 4711U);
    EXPECT_FALSE(Accounts::find("nobody-of-that-name"));
    EXPECT_FALSE(Accounts::find("4294967296"));
    EXPECT_FALSE(Accounts::find(""));
}

TEST_F(CgroupsTest, PathsByInode) {
    Cgroups cgroups(root);
    EXPECT_EQ(cgroups.path(inode("")), "/");
    EXPECT_EQ(cgroups.path(inode("/system.slice/a.service")), "/system.slice/a.service");
    EXPECT_EQ(cgroups.path(inode("/b")), "/b");
    EXPECT_FALSE(cgroups.path(1));
}

TEST_F(CgroupsTest, WhatIsGoneKeepsItsName) {
    Cgroups cgroups(root);
    const auto gone = inode("/b");
    EXPECT_EQ(cgroups.path(gone), "/b");
    ::rmdir((root + "/b").c_str());
    EXPECT_EQ(cgroups.path(gone), "/b");
}

// Who runs for years beside units that come and go has no more names than there are units.
TEST_F(CgroupsTest, OthersThanTheseAreForgotten) {
    Identities identities{Cgroups(root)};
    const auto stays = inode("/system.slice/a.service");
    const auto goes = inode("/b");
    EXPECT_EQ(identities.path(stays), "/system.slice/a.service");
    EXPECT_EQ(identities.path(goes), "/b");
    ::rmdir((root + "/b").c_str());
    identities.keep({stays});
    EXPECT_EQ(identities.path(stays), "/system.slice/a.service");
    EXPECT_EQ(identities.path(inode("")), "/");
    EXPECT_EQ(identities.path(goes), "");
}

TEST_F(CgroupsTest, NoneAreMounted) {
    EXPECT_FALSE(Cgroups(root + "/nowhere").path(1));
    EXPECT_FALSE(Cgroups("").path(1));
}

TEST_F(CgroupsTest, WhereTheyAreMounted) {
    std::ofstream(root + "/mounts") << "proc /proc proc rw 0 0\n"
                                       "cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\n"
                                       "cgroup2 /sys/fs/c\\040group cgroup2 rw 0 0\n";
    EXPECT_EQ(Cgroups::mount_point(root + "/mounts"), "/sys/fs/c group");
    EXPECT_EQ(Cgroups::mount_point("/dev/null"), "");
    EXPECT_EQ(Cgroups::mount_point("/nowhere"), "");
}

TEST(Cgroups, OfThisSystem) {
    Cgroups cgroups;
    const std::string root = Cgroups::mount_point("/proc/self/mounts");
    struct stat status {};
    if (root.empty() || ::stat(root.c_str(), &status) != 0)
        GTEST_SKIP() << "no cgroups of version 2 are mounted";
    EXPECT_EQ(cgroups.path(status.st_ino), "/");
    EXPECT_FALSE(cgroups.path(~std::uint64_t{0}));
    int looked = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
        if (!entry.is_directory() || ::stat(entry.path().c_str(), &status) != 0 || ++looked > 100)
            continue;
        EXPECT_EQ(cgroups.path(status.st_ino), entry.path().string().substr(root.size()));
    }
}

TEST(Workload, Units) {
    const auto service = workload_of("/system.slice/nginx.service");
    EXPECT_EQ(service.slice, "system.slice");
    EXPECT_EQ(service.unit, "nginx.service");
    EXPECT_EQ(service.container, "");
    EXPECT_EQ(full_unit(service), "nginx.service");

    const auto template_unit = workload_of("/system.slice/system-getty.slice/getty@tty1.service");
    EXPECT_EQ(template_unit.slice, "system-getty.slice");
    EXPECT_EQ(template_unit.unit, "getty@tty1.service");

    const auto app = workload_of(
        "/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox-4711.scope");
    EXPECT_EQ(app.slice, "user-1000.slice");
    EXPECT_EQ(app.unit, "user@1000.service");
    EXPECT_EQ(app.user_unit, "app-firefox-4711.scope");
    EXPECT_EQ(full_unit(app), "user@1000.service/app-firefox-4711.scope");

    EXPECT_EQ(workload_of("/user.slice/user-0.slice/session-3.scope").unit, "session-3.scope");
    EXPECT_EQ(workload_of("/init.scope").unit, "init.scope");
    EXPECT_EQ(workload_of("/system.slice/_cpu.service").unit, "cpu.service");
    // A service that makes cgroups of its own.
    EXPECT_EQ(workload_of("/system.slice/systemd-udevd.service/udev").unit,
              "systemd-udevd.service");
    for (const char* path : {"/", "", "//", "/mine", "/.service", "/.slice"}) {
        EXPECT_EQ(workload_of(path).unit, "") << path;
        EXPECT_EQ(workload_of(path).slice, "") << path;
    }
}

TEST(Workload, Containers) {
    EXPECT_EQ(engine_and_container("/system.slice/docker-" + id + ".scope"), "docker " + id);
    EXPECT_EQ(engine_and_container("/docker/" + id), "docker " + id);
    EXPECT_EQ(engine_and_container("/machine.slice/libpod-" + id + ".scope/container"),
              "podman " + id);
    EXPECT_EQ(engine_and_container("/libpod_parent/libpod-" + id), "podman " + id);
    EXPECT_EQ(engine_and_container("/system.slice/crio-" + id + ".scope"), "crio " + id);
    EXPECT_EQ(engine_and_container("/lxc.payload.web"), "lxc web");
    EXPECT_EQ(engine_and_container("/lxc/web"), "lxc web");
    EXPECT_EQ(engine_and_container("/machine.slice/systemd-nspawn@web\\x2d1.service/payload"),
              "nspawn web-1");
    EXPECT_EQ(engine_and_container("/machine.slice/machine-web\\x2d1.scope"), "nspawn web-1");
    // A container in a container.
    EXPECT_EQ(engine_and_container("/system.slice/docker-" + id + ".scope/docker/" + other_id),
              "docker " + other_id);
    // What only looks like one.
    for (const std::string path :
         {"/system.slice/docker-short.scope", "/system.slice/docker.service",
          "/machine.slice/libpod-conmon-short.scope", "/docker/images", "/"})
        EXPECT_EQ(engine_and_container(path), " ") << path;
    EXPECT_EQ(engine_and_container("/machine.slice/libpod-conmon-" + id + ".scope"), " ");
}

TEST(Workload, Pods) {
    const std::string uid = "0a1b2c3d-0000-1111-2222-333344445555";
    const auto systemd = workload_of("/kubepods.slice/kubepods-burstable.slice/"
                                     "kubepods-burstable-pod0a1b2c3d_0000_1111_2222_333344445555"
                                     ".slice/cri-containerd-" +
                                     id + ".scope");
    EXPECT_EQ(systemd.pod, uid);
    EXPECT_EQ(systemd.engine, "containerd");
    EXPECT_EQ(systemd.container, id);
    EXPECT_EQ(systemd.unit, "cri-containerd-" + id + ".scope");

    const auto plain = workload_of("/kubepods/burstable/pod" + uid + "/" + id);
    EXPECT_EQ(plain.pod, uid);
    EXPECT_EQ(plain.container, id);
    EXPECT_EQ(workload_of("/kubepods/pod" + uid).container, "");

    const auto guaranteed = workload_of("/kubepods.slice/kubepods-pod" + std::string("0a_1") +
                                        ".slice/crio-" + id + ".scope");
    EXPECT_EQ(guaranteed.pod, "0a-1");
    EXPECT_EQ(guaranteed.engine, "crio");
    EXPECT_EQ(workload_of("/system.slice/podium").pod, "");
}

} // namespace netatop::test
