// SPDX-License-Identifier: GPL-2.0-only
#include "cgroup_paths.h"

#include "support.h"

#include <sys/stat.h>

namespace netatop::test {

// Directories are enough: a cgroup's number is its directory's inode.
TEST(CgroupPaths, OfARecord) {
    const Directory root;
    ASSERT_EQ(::mkdir((root.path + "/system.slice").c_str(), 0755), 0);
    ASSERT_EQ(::mkdir((root.path + "/system.slice/cron.service").c_str(), 0755), 0);
    CgroupPaths paths(root.path);
    LogTail tail = make_tail();
    tail.cgroup = inode(root.path + "/system.slice/cron.service");
    paths.put(tail);
    EXPECT_STREQ(tail.path.data(), "/system.slice/cron.service");
    ASSERT_EQ(::rmdir((root.path + "/system.slice/cron.service").c_str()), 0);
    tail.path = {};
    paths.put(tail);
    EXPECT_STREQ(tail.path.data(), "/system.slice/cron.service") << "it is remembered";
}

TEST(CgroupPaths, NoneThatIsNotKnownOrTooLong) {
    const Directory root;
    const std::string name(250, 'n');
    ASSERT_EQ(::mkdir((root.path + "/short").c_str(), 0755), 0);
    ASSERT_EQ(::mkdir((root.path + "/short/" + name).c_str(), 0755), 0);
    CgroupPaths paths(root.path);
    LogTail tail = make_tail();
    tail.cgroup = inode(root.path + "/short/" + name);
    paths.put(tail);
    EXPECT_EQ(tail.path[0], '\0') << "a part of a path would be another one's";
    tail.cgroup = 1;
    paths.put(tail);
    EXPECT_EQ(tail.path[0], '\0');
}

} // namespace netatop::test
