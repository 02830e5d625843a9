// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include <gtest/gtest.h>

#include <sstream>

namespace netatop::test {

namespace {

class OptionsTest : public ::testing::Test {
protected:
    OptionsTest() {
        options.flag("--json", json);
        options.value("--log", log);
    }
    std::optional<int> parse(const std::vector<std::string>& arguments) {
        return options.parse(arguments, out, err);
    }

    Options options{"prog", "usage text\n"};
    bool json = false;
    std::string log = "default";
    std::ostringstream out;
    std::ostringstream err;
};

} // namespace

TEST_F(OptionsTest, None) {
    EXPECT_EQ(parse({}), std::nullopt);
    EXPECT_EQ(log, "default");
}

TEST_F(OptionsTest, FlagsAndValues) {
    EXPECT_EQ(parse({"--json", "--log", "/a"}), std::nullopt);
    EXPECT_TRUE(json);
    EXPECT_EQ(log, "/a");
    EXPECT_EQ(parse({"--log=/b=c"}), std::nullopt);
    EXPECT_EQ(log, "/b=c");
}

TEST_F(OptionsTest, Help) {
    EXPECT_EQ(parse({"--help"}), 0);
    EXPECT_EQ(out.str(), "usage text\n");
}

TEST_F(OptionsTest, Version) {
    EXPECT_EQ(parse({"--version"}), 0);
    EXPECT_EQ(out.str().rfind("prog ", 0), 0U);
}

TEST_F(OptionsTest, Refused) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"--jsn"}, {"--log"}, {"--json=1"}, {"file"}, {"-f"}, {""}}) {
        err.str("");
        EXPECT_EQ(parse(arguments), 2);
        EXPECT_NE(err.str().find("prog: "), std::string::npos);
    }
}

} // namespace netatop::test
