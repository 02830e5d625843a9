// SPDX-License-Identifier: GPL-2.0-only
#include "source.h"

#include "support.h"

namespace netatop::test {

TEST(Source, ModuleVersions) {
    for (const char* version : {"4.0.0", "4.1", "10.2.3", "", "unknown"})
        EXPECT_TRUE(supports_module(version)) << version;
    for (const char* version : {"3.2.2", "0.7", "2"})
        EXPECT_FALSE(supports_module(version)) << version;
}

TEST(Source, AbsentModule) {
    if (::access("/proc/netatop", F_OK) == 0)
        GTEST_SKIP() << "the module is loaded here";
    EXPECT_EQ(ModuleSource().probe().outcome, Taken::Outcome::absent);
}

} // namespace netatop::test
