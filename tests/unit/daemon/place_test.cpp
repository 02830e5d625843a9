// SPDX-License-Identifier: GPL-2.0-only
#include "place.h"

#include "support.h"

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
