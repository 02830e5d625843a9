// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include <gtest/gtest.h>

#include <fstream>
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

    // With a short option, a list and operands too.
    std::optional<int> parse_more(const std::vector<std::string>& arguments) {
        options.value("--count", count, 'n');
        options.flag("--bytes", bytes, 'b');
        options.values("--pid", pids);
        return parse(arguments);
    }

    Options options{"prog", "usage text\n"};
    bool bytes = false;
    std::string count;
    std::vector<std::string> pids;
    std::vector<std::string> rest;
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

TEST_F(OptionsTest, OutputThatFails) {
    for (const char* option : {"--help", "--version"}) {
        std::ofstream full("/dev/full");
        EXPECT_EQ(options.parse({option}, full, err), 1) << option;
        EXPECT_NE(err.str().find("prog: cannot write"), std::string::npos);
    }
}

TEST_F(OptionsTest, ShortNames) {
    EXPECT_EQ(parse_more({"-n", "5", "-b"}), std::nullopt);
    EXPECT_EQ(count, "5");
    EXPECT_TRUE(bytes);
    bytes = false;
    EXPECT_EQ(parse_more({"-bn7", "--pid", "1", "--pid=2"}), std::nullopt);
    EXPECT_EQ(count, "7");
    EXPECT_TRUE(bytes);
    EXPECT_EQ(pids, (std::vector<std::string>{"1", "2"}));
    for (const char* wrong : {"-x", "-bx", "-n"})
        EXPECT_EQ(parse_more({wrong}), 2) << wrong;
}

TEST_F(OptionsTest, Operands) {
    options.operands(rest);
    EXPECT_EQ(parse_more({"one", "--json", "-", "--", "--log"}), std::nullopt);
    EXPECT_EQ(rest, (std::vector<std::string>{"one", "-", "--log"}));
    EXPECT_TRUE(json);
}

TEST_F(OptionsTest, Command) {
    options.command(rest);
    EXPECT_EQ(parse_more({"--json", "run", "--help", "-x"}), std::nullopt);
    EXPECT_TRUE(json);
    EXPECT_EQ(rest, (std::vector<std::string>{"run", "--help", "-x"}));
    rest.clear();
    EXPECT_EQ(parse_more({"--", "--json"}), std::nullopt);
    EXPECT_EQ(rest, (std::vector<std::string>{"--json"}));
}

TEST(OptionValues, Numbers) {
    EXPECT_EQ(number("18446744073709551615"), 18446744073709551615U);
    EXPECT_EQ(size("4096"), 4096U);
    EXPECT_EQ(size("4K"), 4096U);
    EXPECT_EQ(size("1T"), 1099511627776U);
    EXPECT_EQ(interval("2"), 2000);
    EXPECT_EQ(interval("0.5"), 500);
    EXPECT_EQ(interval("1.25"), 1250);
    for (const char* wrong : {"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616", "1.5"})
        EXPECT_FALSE(number(wrong)) << wrong;
    for (const char* wrong : {"", "K", "1k", "1KB", "18014398509481985K"})
        EXPECT_FALSE(size(wrong)) << wrong;
    for (const char* wrong :
         {"", "0", "0.0", "1.", ".5", "1.2345", "1.-5", "1e3", "1000001", "nan"})
        EXPECT_FALSE(interval(wrong)) << wrong;
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
