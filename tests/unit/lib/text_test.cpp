// SPDX-License-Identifier: GPL-2.0-only
#include "json.h"
#include "rows.h"
#include "text.h"

#include <gtest/gtest.h>

#include <clocale>
#include <cmath>

namespace netatop::test {

namespace {

// In a locale of UTF-8, and back.
class Utf8Test : public ::testing::Test {
protected:
    void SetUp() override {
        if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr)
            GTEST_SKIP() << "no locale C.UTF-8";
    }
    void TearDown() override { std::setlocale(LC_CTYPE, "C"); }
};

// Valid UTF-8 and what is none.
const char* const wide = "\xe6\x97\xa5";          // two columns
const char* const combining = "e\xcc\x81";        // one column
const char* const emoji = "\xf0\x9f\x98\x80";     // beyond 16 bits
const char* const c1 = "\xc2\x9b";                // starts a command of terminals
const char* const right_to_left = "\xe2\x80\xae"; // turns what follows around

} // namespace

TEST(Text, CharactersAndWhatIsNone) {
    EXPECT_EQ(first_character("\xc3\xa9x").code, U'\u00e9');
    EXPECT_EQ(first_character(emoji).code, U'\U0001f600');
    EXPECT_EQ(first_character(emoji).length, 4U);
    for (const char* bad :
         {"\x80", "\xc0\xaf", "\xc1\xbf", "\xc3", "\xc3x", "\xe0\x80\xaf", "\xed\xa0\x80",
          "\xe6\x97", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
        EXPECT_EQ(first_character(bad).code, no_character) << bad;
        EXPECT_EQ(first_character(bad).length, 1U) << bad;
    }
}

TEST(Text, HarmlessInAsciiLocale) {
    EXPECT_EQ(harmless("a\x1b[2J\n\x7f\xc3\xa9\xff"), "a?[2J??\?\?\?");
    EXPECT_EQ(width(harmless("\xc3\xa9")), 2U);
}

TEST_F(Utf8Test, HarmlessInUtf8) {
    EXPECT_EQ(harmless(std::string("a") + wide + combining + emoji),
              std::string("a") + wide + combining + emoji);
    EXPECT_EQ(harmless(c1), "??");
    EXPECT_EQ(harmless(right_to_left), "???");
    EXPECT_EQ(harmless("\xe6\x97"), "??"); // a name that was cut within a character
}

TEST_F(Utf8Test, Widths) {
    EXPECT_EQ(width(wide), 2U);
    EXPECT_EQ(width(combining), 1U);
    EXPECT_EQ(fitted(std::string("ab") + wide, 3), "ab ");
    EXPECT_EQ(fitted(std::string("ab") + wide, 5), std::string("ab") + wide + " ");
    EXPECT_EQ(fitted("abcdef", 3), "abc");
}

TEST(Text, Clean) {
    EXPECT_EQ(clean(std::string("a\r\n\xff") + c1 + right_to_left + wide),
              std::string("a????\?") + wide);
}

TEST(Json, Strings) {
    EXPECT_EQ(json_string("a\"\\\x1b\x7f"), R"("a\"\\\u001b\u007f")");
    EXPECT_EQ(json_string("\xc3\xa9\xff"), R"("\u00e9\ufffd")");
    EXPECT_EQ(json_string(emoji), R"("\ud83d\ude00")");
    EXPECT_EQ(json_string(std::string_view("a\0b", 3)), R"("a\u0000b")");
}

TEST(Json, Objects) {
    JsonObject object;
    EXPECT_EQ(object.line(), "{}\n");
    object.text("a", "b")
        .number("n", std::int64_t{-1})
        .number("u", ~std::uint64_t{0})
        .truth("t", true);
    object.milliseconds("s", 1763798500045)
        .milliseconds("small", 5)
        .milliseconds("less", -1500)
        .null("x");
    EXPECT_EQ(object.line(), "{\"a\":\"b\",\"n\":-1,\"u\":18446744073709551615,\"t\":true,"
                             "\"s\":1763798500.045,\"small\":0.005,\"less\":-1.500,\"x\":null}\n");
}

TEST(Json, HasThreeDecimals) {
    JsonObject object;
    object.decimal("a", -1.25).decimal("b", 5000).decimal("c", std::nan("")).decimal("d", HUGE_VAL);
    EXPECT_EQ(object.line(), "{\"a\":-1.250,\"b\":5000.000,\"c\":null,\"d\":null}\n");
}

TEST(Rows, ShortNumbers) {
    EXPECT_EQ(short_number(0), "0");
    EXPECT_EQ(short_number(1023), "1023");
    EXPECT_EQ(short_number(1024), "1.0K");
    EXPECT_EQ(short_number(1536), "1.5K");
    EXPECT_EQ(short_number(100 * 1024), "100K");
    EXPECT_EQ(short_number(1024 * 1024 - 1), "1.0M");
    EXPECT_EQ(short_number(~std::uint64_t{0}), "16.0E");
    EXPECT_EQ(per_second(1000, 2000), 500U);
    EXPECT_EQ(per_second(999, 2000), 500U);
    EXPECT_EQ(per_second(1ULL << 60U, 1000), 1ULL << 60U);
}

TEST(Rows, CsvFields) {
    EXPECT_EQ(csv_field("plain"), "plain");
    EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
    EXPECT_EQ(csv_field("say \"no\"\n"), "\"say \"\"no\"\"?\"");
}

namespace {

const std::vector<Column> columns{{"pid", "PID", Column::Kind::number},
                                  {"name", "NAME", Column::Kind::text},
                                  {"sent", "", Column::Kind::bytes},
                                  {"", "SENT", Column::Kind::bytes},
                                  {"exited", "", Column::Kind::number}};

const std::vector<Row> rows{
    {std::uint64_t{1}, "init", std::uint64_t{2048}, std::uint64_t{2048}, std::monostate{}},
    {std::uint64_t{4711}, "a,\x1b b", std::uint64_t{5}, std::uint64_t{5}, Milliseconds{1500}}};

} // namespace

TEST(Rows, Table) {
    const RowWriter writer(Format::table, columns);
    EXPECT_EQ(writer.begin(), "");
    EXPECT_EQ(writer.rows(rows, {}), " PID NAME  SENT\n"
                                     "   1 init  2.0K\n"
                                     "4711 a,? b    5\n");
    EXPECT_EQ(writer.rows({rows[0]}, {true, 2000}), "PID NAME SENT\n"
                                                    "  1 init 1024\n");
    EXPECT_EQ(writer.rows({}, {}), "PID NAME SENT\n");
}

TEST(Rows, Json) {
    EXPECT_EQ(RowWriter(Format::json, columns).rows(rows, {false, 2000}),
              "{\"pid\":1,\"name\":\"init\",\"sent\":2048,\"exited\":null}\n"
              "{\"pid\":4711,\"name\":\"a,\\u001b b\",\"sent\":5,\"exited\":1.500}\n");
}

TEST(Rows, Csv) {
    const RowWriter writer(Format::csv, columns);
    EXPECT_EQ(writer.begin(), "pid,name,sent,exited\n");
    EXPECT_EQ(writer.rows(rows, {}), "1,init,2048,\n"
                                     "4711,\"a,? b\",5,1.500\n");
}

} // namespace netatop::test
