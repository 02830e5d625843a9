// SPDX-License-Identifier: GPL-2.0-only
// What keys change in the live view: which rows there are, in which order, and which one is chosen.
#include "view.h"

#include <gtest/gtest.h>

#include "live_lines.h"

namespace netatop::test {

namespace {

class ViewTest : public ::testing::Test {
protected:
    View::Wish press(const std::string& keys) {
        auto wish = View::Wish::nothing;
        for (const char key : keys)
            wish = view.key({Key::Name::byte, key});
        return wish;
    }
    View::Wish press(Key::Name name) { return view.key({name}); }
    [[nodiscard]] std::string names() const {
        std::string all;
        for (const auto& row : view.rows())
            all += (all.empty() ? "" : " ") + row.shown;
        return all;
    }
    [[nodiscard]] std::string chosen_name() const { return view.rows().at(view.chosen_row()).name; }

    View view;
};

} // namespace

TEST_F(ViewTest, OrderAndSums) {
    view.take(sample_of({line(3, "c", {10, 20}, {1000, 1}), line(1, "a", {5, 90}, {2, 200}),
                         line(2, "b", {50, 1}, {60, 100})}));
    EXPECT_EQ(names(), "a b c");
    EXPECT_EQ(view.sum().received().bytes, 65U);
    EXPECT_EQ(view.sum().sent().bytes, 111U);
    press("s"); // in
    EXPECT_EQ(names(), "b c a");
    press("s"); // out
    EXPECT_EQ(names(), "a c b");
    press(">>"); // packets, total
    EXPECT_EQ(view.sort(), Sort::total);
    EXPECT_EQ(names(), "c a b");
    press(">");
    EXPECT_EQ(view.sort(), Sort::pid);
    EXPECT_EQ(names(), "a b c");
    press("<");
    EXPECT_EQ(view.sort(), Sort::total);
    press("<<<<<");
    EXPECT_EQ(view.sort(), Sort::name) << "before the first comes the last";
    press(">c");
    EXPECT_EQ(names(), "c a b") << "by all since the module was loaded";
    EXPECT_EQ(view.sum().sent().bytes, 301U);
    press("c");
    EXPECT_EQ(names(), "a b c");
}

TEST_F(ViewTest, RatesAreNotKnownAtFirst) {
    auto first = sample_of({line(1, "a", {}, {1, 2})});
    first.interval_ms = 0;
    view.take(first);
    EXPECT_FALSE(view.known());
    press("c");
    EXPECT_TRUE(view.known());
}

TEST_F(ViewTest, TheChosenRowStaysTheSame) {
    view.take(
        sample_of({line(1, "a", {1, 1}, {}), line(2, "b", {2, 2}, {}), line(3, "c", {3, 3}, {})}));
    EXPECT_EQ(chosen_name(), "c");
    press(Key::Name::down);
    EXPECT_EQ(chosen_name(), "b");
    view.take(
        sample_of({line(1, "a", {9, 9}, {}), line(2, "b", {1, 1}, {}), line(3, "c", {8, 8}, {})}));
    EXPECT_EQ(names(), "a c b");
    EXPECT_EQ(chosen_name(), "b");
    view.take(sample_of({line(1, "a", {9, 9}, {})}));
    EXPECT_EQ(chosen_name(), "a") << "the last one, when it is gone";
    view.take(sample_of({}));
    EXPECT_EQ(view.chosen_row(), 0U);
    for (const auto name : {Key::Name::down, Key::Name::end, Key::Name::page_down, Key::Name::up,
                            Key::Name::page_up, Key::Name::home})
        press(name);
    EXPECT_EQ(view.chosen_row(), 0U);
}

TEST_F(ViewTest, WhoIsAtTheTopSeesWhatIsFirst) {
    view.take(sample_of({line(1, "a", {1, 1}, {}), line(2, "b", {2, 2}, {})}));
    EXPECT_EQ(chosen_name(), "b");
    view.take(sample_of({line(1, "a", {9, 9}, {}), line(2, "b", {2, 2}, {})}));
    EXPECT_EQ(chosen_name(), "a");
}

TEST_F(ViewTest, Moves) {
    std::vector<Line> lines;
    for (std::uint32_t i = 1; i <= 100; ++i)
        lines.push_back(line(i, "p", {1000 - i, 0}, {}));
    view.take(sample_of(lines));
    view.fit(10);
    EXPECT_EQ(view.top(), 0U);
    press(Key::Name::page_down);
    EXPECT_EQ(view.chosen_row(), 10U);
    view.fit(10);
    EXPECT_EQ(view.top(), 1U);
    press(Key::Name::end);
    view.fit(10);
    EXPECT_EQ(view.chosen_row(), 99U);
    EXPECT_EQ(view.top(), 90U);
    press(Key::Name::page_up);
    press(Key::Name::up);
    view.fit(10);
    EXPECT_EQ(view.chosen_row(), 88U);
    EXPECT_EQ(view.top(), 88U);
    view.fit(50);
    EXPECT_EQ(view.top(), 50U) << "no empty rows while there are more";
    press(Key::Name::home);
    view.fit(50);
    EXPECT_EQ(view.top(), 0U);
}

TEST_F(ViewTest, Filter) {
    view.take(sample_of(
        {line(1, "nginx", {1, 1}, {}), line(2, "curl", {2, 2}, {}), line(33, "sshd", {3, 3}, {})}));
    press("f");
    EXPECT_EQ(view.asking(), View::Asking::filter);
    press("NGq"); // and q is a letter here
    EXPECT_EQ(names(), "");
    press(Key::Name::erase);
    EXPECT_EQ(names(), "nginx") << "while it is written";
    EXPECT_EQ(view.sum().all().bytes, 12U) << "the sum is that of all";
    press(Key::Name::enter);
    EXPECT_EQ(view.asking(), View::Asking::nothing);
    press("f33");
    EXPECT_EQ(names(), "sshd") << "in other columns too";
    press(Key::Name::escape);
    EXPECT_EQ(names(), "nginx") << "as it was";
    press(Key::Name::escape);
    EXPECT_EQ(names(), "sshd curl nginx");
    press("f\xc3\xa4");
    press(Key::Name::erase);
    EXPECT_EQ(view.filter(), "") << "a whole character";
    press(Key::Name::erase);
    view.key({Key::Name::command, 'q'});
    EXPECT_EQ(view.filter(), "");
}

TEST_F(ViewTest, Search) {
    view.take(sample_of({line(1, "aa", {5, 1}, {}), line(2, "b1", {4, 2}, {}),
                         line(3, "c", {3, 3}, {}), line(4, "b2", {2, 3}, {})}));
    press("/B");
    EXPECT_EQ(chosen_name(), "b1");
    press(Key::Name::enter);
    press("n");
    EXPECT_EQ(chosen_name(), "b2");
    press("n");
    EXPECT_EQ(chosen_name(), "b1") << "round";
    press("/zzz");
    EXPECT_EQ(view.message(), "no row has 'zzz'");
    EXPECT_EQ(chosen_name(), "b1");
}

TEST_F(ViewTest, TreesKeepWhatARowStandsBelow) {
    EXPECT_EQ(press("t"), View::Wish::show);
    EXPECT_EQ(view.kind(), Kind::trees);
    std::vector<Line> lines{line(9, "other", {1, 0}, {}), line(1, "init", {10, 0}, {}),
                            line(5, "shell", {10, 0}, {}), line(6, "curl", {7, 0}, {}),
                            line(7, "wget", {3, 0}, {})};
    lines[2].parent = 1;
    lines[3].parent = lines[4].parent = 2;
    view.take(sample_of(lines));
    EXPECT_EQ(names(), "init   shell     curl     wget other");
    EXPECT_EQ(view.sum().received().bytes, 11U) << "what is below is in it once";
    press("fwget");
    EXPECT_EQ(names(), "init   shell     wget");
}

TEST_F(ViewTest, Views) {
    const std::vector<Kind> kinds{Kind::processes,  Kind::threads,     Kind::unit_trees,
                                  Kind::containers, Kind::connections, Kind::remotes};
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        EXPECT_EQ(view.kind(), kinds[i]);
        EXPECT_EQ(press(Key::Name::tab), View::Wish::show);
    }
    EXPECT_EQ(view.number(), 0U);
    EXPECT_EQ(press("1"), View::Wish::nothing);
    press(Key::Name::back_tab);
    EXPECT_EQ(view.kind(), Kind::remotes);
    EXPECT_EQ(press("t"), View::Wish::nothing) << "remotes are no tree";
    EXPECT_EQ(press("3"), View::Wish::show);
    EXPECT_EQ(view.kind(), Kind::unit_trees);
    EXPECT_EQ(press("t"), View::Wish::show);
    EXPECT_EQ(view.kind(), Kind::units);
    EXPECT_EQ(press("7"), View::Wish::nothing);
    EXPECT_EQ(view.kind(), Kind::units);
}

TEST_F(ViewTest, PauseHelpAndEnd) {
    EXPECT_EQ(press(" "), View::Wish::nothing);
    EXPECT_TRUE(view.paused());
    EXPECT_EQ(press("p"), View::Wish::sample);
    EXPECT_FALSE(view.paused());
    press("h");
    EXPECT_TRUE(view.help());
    EXPECT_EQ(press("s"), View::Wish::nothing);
    EXPECT_FALSE(view.help());
    EXPECT_EQ(view.sort(), Sort::bytes) << "the key ended the help alone";
    view.say("something");
    view.key({Key::Name::command, '?'});
    EXPECT_EQ(view.message(), "");
    EXPECT_EQ(press("q"), View::Wish::quit);
}

TEST_F(ViewTest, DetailsOfTheChosenRow) {
    EXPECT_EQ(press(Key::Name::enter), View::Wish::nothing) << "there is no row";
    view.take(sample_of({line(1, "a", {1, 1}, {5, 5}), line(2, "b", {2, 2}, {6, 6})}));
    EXPECT_EQ(view.detailed(), nullptr);
    EXPECT_EQ(press(Key::Name::enter), View::Wish::details);
    ASSERT_NE(view.detailed(), nullptr);
    EXPECT_EQ(view.detailed()->name, "b");
    Details details;
    details.note = "a note";
    view.take(details);
    EXPECT_EQ(view.message(), "a note");
    view.take(sample_of({line(1, "a", {9, 9}, {}), line(2, "b", {0, 0}, {7, 7})}));
    ASSERT_NE(view.detailed(), nullptr);
    EXPECT_EQ(view.detailed()->name, "b") << "though another one is first";
    EXPECT_EQ(view.detailed()->total.received().bytes, 7U);
    press("sf/nt");
    EXPECT_EQ(view.sort(), Sort::bytes);
    EXPECT_EQ(view.asking(), View::Asking::nothing);
    EXPECT_EQ(view.kind(), Kind::processes);
    press("b");
    EXPECT_TRUE(view.units().bits);
    EXPECT_FALSE(view.detailed_gone());
    view.take(sample_of({line(1, "a", {9, 9}, {})}));
    EXPECT_TRUE(view.detailed_gone());
    EXPECT_EQ(view.detailed()->total.received().bytes, 7U) << "as it was last";
    press(Key::Name::escape);
    EXPECT_EQ(view.detailed(), nullptr);
    EXPECT_EQ(names(), "a");
    press(Key::Name::enter);
    EXPECT_EQ(press(Key::Name::tab), View::Wish::show);
    EXPECT_EQ(view.detailed(), nullptr) << "not in another view";
    EXPECT_EQ(view.number(), 1U);
    view.take(sample_of({line(1, "a", {9, 9}, {})}));
    press(Key::Name::enter);
    EXPECT_EQ(press("q"), View::Wish::quit);
}

TEST_F(ViewTest, DetailsScroll) {
    view.take(sample_of({line(1, "a", {1, 1}, {})}));
    press(Key::Name::enter);
    EXPECT_EQ(view.fit_details(30, 10), 0U);
    press(Key::Name::page_down);
    press(Key::Name::down);
    EXPECT_EQ(view.fit_details(30, 10), 11U);
    press(Key::Name::up);
    EXPECT_EQ(view.fit_details(30, 10), 10U);
    press(Key::Name::end);
    press(Key::Name::down);
    EXPECT_EQ(view.fit_details(30, 10), 20U);
    press(Key::Name::page_up);
    EXPECT_EQ(view.fit_details(30, 10), 10U);
    press(Key::Name::home);
    press(Key::Name::up);
    EXPECT_EQ(view.fit_details(30, 10), 0U);
    press(Key::Name::end);
    EXPECT_EQ(view.fit_details(5, 10), 0U);
}

TEST(Amount, Units) {
    EXPECT_EQ(amount(1023, {}), "1023");
    EXPECT_EQ(amount(1024, {}), "1.0K");
    EXPECT_EQ(amount(1000, {false, true}), "1.0k");
    EXPECT_EQ(amount(999, {false, true}), "999");
    EXPECT_EQ(amount(999'600, {false, true}), "1.0M") << "what would be rounded to 1000k";
    EXPECT_EQ(amount(125'000'000, {true, true}), "1.0G");
    EXPECT_EQ(amount(128, {true, false}), "1.0K");
    EXPECT_EQ(amount(UINT64_MAX, {true, false}), "16.0E");
}

} // namespace netatop::test
