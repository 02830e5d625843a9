// SPDX-License-Identifier: GPL-2.0-only
#include "place.h"

#include "support.h"

#include <sys/mount.h>
#include <sys/stat.h>

#include <fstream>

namespace netatop::test {

namespace {

constexpr uid_t stranger = 12345;

std::string refusal(const std::string& path) {
    const auto place = Place::find(path);
    return place ? "" : place.error().text;
}

} // namespace

TEST(Place, NewFile) {
    const Directory directory;
    const auto place = Place::find(directory.log());
    ASSERT_TRUE(place) << place.error().text;
    EXPECT_EQ(place->name, "netatop.log");
}

TEST(Place, OwnFile) {
    const Directory directory;
    std::ofstream(directory.log()) << "old";
    EXPECT_EQ(refusal(directory.log()), "");
}

TEST(Place, BehindALink) {
    const Directory directory;
    ASSERT_EQ(::mkdir((directory.path + "/run").c_str(), 0755), 0);
    ASSERT_EQ(::symlink("run/real.log", directory.log().c_str()), 0);
    const auto place = Place::find(directory.log());
    ASSERT_TRUE(place) << place.error().text;
    EXPECT_EQ(place->path, directory.path + "/run/real.log");

    ASSERT_EQ(::unlink(directory.log().c_str()), 0);
    ASSERT_EQ(::symlink((directory.path + "/run/real.log").c_str(), directory.log().c_str()), 0);
    EXPECT_EQ(refusal(directory.log()), "") << "an absolute link";
}

TEST(Place, LinkToALink) {
    const Directory directory;
    ASSERT_EQ(::symlink("second", directory.log().c_str()), 0);
    ASSERT_EQ(::symlink("third", (directory.path + "/second").c_str()), 0);
    EXPECT_NE(refusal(directory.log()), "");
}

TEST(Place, LinkIntoNowhere) {
    const Directory directory;
    ASSERT_EQ(::symlink("run/real.log", directory.log().c_str()), 0);
    EXPECT_NE(refusal(directory.log()).find("No such file"), std::string::npos);
}

TEST(Place, PlantedFile) {
    NEEDS_ROOT();
    const Directory directory;
    std::ofstream(directory.log()) << "planted";
    ASSERT_EQ(::chown(directory.log().c_str(), stranger, stranger), 0);
    EXPECT_NE(refusal(directory.log()).find("12345"), std::string::npos);
}

TEST(Place, PlantedLink) {
    NEEDS_ROOT();
    const Directory directory;
    ASSERT_EQ(::symlink("real.log", directory.log().c_str()), 0);
    ASSERT_EQ(::lchown(directory.log().c_str(), stranger, stranger), 0);
    EXPECT_NE(refusal(directory.log()).find("12345"), std::string::npos);
}

TEST(Place, ForeignDirectory) {
    NEEDS_ROOT();
    const Directory directory;
    ASSERT_EQ(::chown(directory.path.c_str(), stranger, stranger), 0);
    EXPECT_NE(refusal(directory.log()).find("12345"), std::string::npos);
}

TEST(Place, DirectoryForEverybody) {
    const Directory directory;
    ASSERT_EQ(::chmod(directory.path.c_str(), 01777), 0);
    EXPECT_NE(refusal(directory.log()).find("others may write"), std::string::npos);
}

TEST(Place, DirectoryForAGroup) {
    const Directory directory;
    ASSERT_EQ(::chmod(directory.path.c_str(), 0775), 0);
    EXPECT_NE(refusal(directory.log()).find("others may write"), std::string::npos);
}

TEST(Place, PlantedBehindALink) {
    NEEDS_ROOT();
    const Directory directory;
    const std::string real = directory.path + "/real.log";
    ASSERT_EQ(::symlink("real.log", directory.log().c_str()), 0);
    std::ofstream(real) << "planted";
    ASSERT_EQ(::chown(real.c_str(), stranger, stranger), 0);
    EXPECT_NE(refusal(directory.log()).find("12345"), std::string::npos);
}

// Run by hand beside the installed package, whose user the log's directory belongs to.
TEST(Place, RootTrustsTheUserOfTheService) {
    NEEDS_ROOT();
    const Directory directory;
    const std::string users = directory.path + "/passwd";
    std::ofstream(users) << "root:x:0:0::/:/bin/sh\n_netatop:x:12345:12345::/:/bin/false\n";
    ASSERT_EQ(::mkdir((directory.path + "/run").c_str(), 0755), 0);
    const std::string log = directory.path + "/run/netatop.log";
    std::ofstream(log) << "old";
    for (const auto& entry : {directory.path + "/run", log})
        ASSERT_EQ(::chown(entry.c_str(), stranger, stranger), 0);
    EXPECT_NE(refusal(log), "");
    ASSERT_EQ(::mount(users.c_str(), "/etc/passwd", nullptr, MS_BIND, nullptr), 0);
    EXPECT_EQ(refusal(log), "");
    ASSERT_EQ(::umount2("/etc/passwd", MNT_DETACH), 0);
}

// The link is there from boot on, the directory only while the service runs.
TEST(Place, RootMakesTheDirectoryOfTheService) {
    NEEDS_ROOT();
    const Directory run("size=64k,mode=755");
    ASSERT_EQ(::mount(run.path.c_str(), "/run", nullptr, MS_BIND, nullptr), 0);
    ASSERT_EQ(::symlink("netatop/netatop.log", "/run/netatop.log"), 0);
    EXPECT_EQ(refusal("/run/netatop.log"), "");
    struct stat info {};
    EXPECT_EQ(::stat("/run/netatop", &info), 0);
    EXPECT_EQ(info.st_mode & 022, 0U);
    ASSERT_EQ(::rmdir("/run/netatop"), 0);
    const pid_t user = start([] {
        if (::setuid(stranger) != 0)
            return 1;
        EXPECT_NE(refusal("/run/netatop.log").find("systemctl restart"), std::string::npos);
        return 0;
    });
    EXPECT_EQ(finish(user), 0);
    ASSERT_EQ(::umount2("/run", MNT_DETACH), 0);
}

TEST(Place, NoRegularFile) {
    const Directory directory;
    ASSERT_EQ(::mkfifo(directory.log().c_str(), 0644), 0);
    EXPECT_NE(refusal(directory.log()).find("not a regular file"), std::string::npos);
}

TEST(Place, RelativeOrEmpty) {
    for (const char* path : {"", "netatop.log", "/run/"})
        EXPECT_NE(refusal(path), "") << path;
}

} // namespace netatop::test
