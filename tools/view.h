// SPDX-License-Identifier: GPL-2.0-only
// What a person looks at in the live view, and what his keys change: which lines in which order,
// and how their numbers are written. It knows of no terminal; page.h says what stands where.
#pragma once

#include "details.h"
#include "feed.h"
#include "history.h"
#include "listing.h"
#include "lookup.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace netatop {

// A key, or a byte of a character.
struct Key {
    enum class Name {
        byte,
        command, // a function key; `byte` has the letter that does the same
        up,
        down,
        page_up,
        page_down,
        home,
        end,
        enter,
        escape,
        erase,
        tab,
        back_tab
    };
    Name name = Name::byte;
    char byte = '\0';
};

// How amounts of bytes are written.
struct Units {
    bool bits = false;
    bool si = false; // units of 1000
};
std::string amount(std::uint64_t bytes, const Units& units);

class View {
public:
    // What follows from a key: `show` when lines of another kind are wanted, `sample` when a new
    // one is, `details` when those of detailed() are.
    enum class Wish { nothing, show, sample, details, quit };
    enum class Asking { nothing, search, filter };

    Wish key(const Key& key);
    void take(Sample sample);
    void take(Details details);
    // Remotes are shown by these names where they have one. Null: by their addresses.
    void use_names(Lookup* names) { names_ = names; }
    // There are new ones.
    void take_names();
    // The name of an address as soon as it is known, else the address; of what is on the screen.
    [[nodiscard]] std::string remote_name(const std::string& address) const;
    // Likewise, with the port.
    [[nodiscard]] std::string remote_text(const Endpoint& remote) const;
    // What went wrong, or is left out; until the next key.
    void say(std::string message) { message_ = std::move(message); }

    // The row whose details are looked at, if they are; as it was last, when it has gone.
    [[nodiscard]] const Line* detailed() const { return detailed_ ? &*detailed_ : nullptr; }
    [[nodiscard]] bool detailed_gone() const { return detailed_gone_; }
    [[nodiscard]] const Details& details() const { return details_; }
    // Of so many lines so many fit in: the first one that is seen.
    std::size_t fit_details(std::size_t lines, std::size_t height);

    // Of what the next sample has to be.
    [[nodiscard]] Kind kind() const;

    // For the page: so many rows fit in. Moves what is seen to where the chosen row is.
    void fit(std::size_t height);
    [[nodiscard]] std::size_t row_count() const { return rows_.size(); }
    // As it is seen: with what loopback carried or without it, and set in.
    [[nodiscard]] Line row(std::size_t number) const;
    [[nodiscard]] std::vector<Line> rows() const;
    [[nodiscard]] std::size_t top() const { return top_; }
    [[nodiscard]] std::size_t chosen_row() const { return chosen_; }
    // What all lines carried, whatever the filter: in the interval, or since the module was loaded.
    [[nodiscard]] const Counters& sum() const { return sum_; }
    // What the module counted, likewise; and the interfaces of this namespace, in the interval.
    [[nodiscard]] Counters module() const;
    [[nodiscard]] std::optional<Carried> devices() const;
    // What the chosen row carried in each second of the last minute.
    [[nodiscard]] History::Seconds history() const;
    // The rest of the last sample.
    [[nodiscard]] const Sample& sample() const { return sample_; }
    // Are there rates, or amounts since the module was loaded?
    [[nodiscard]] bool known() const { return cumulative_ || sample_.interval_ms != 0; }

    [[nodiscard]] std::size_t number() const { return number_; } // of the view, from 0
    [[nodiscard]] Sort sort() const { return sort_; }
    [[nodiscard]] const Units& units() const { return units_; }
    [[nodiscard]] bool cumulative() const { return cumulative_; }
    // Is what loopback carried part of all this?
    [[nodiscard]] bool loopback() const { return loopback_; }
    // Without it, where it is not.
    [[nodiscard]] Counters shown(const Counters& counters) const {
        return loopback_ ? counters : counters.without_loopback();
    }
    [[nodiscard]] bool paused() const { return paused_; }
    [[nodiscard]] bool help() const { return help_; }
    [[nodiscard]] Asking asking() const { return asking_; }
    [[nodiscard]] const std::string& search() const { return search_; }
    [[nodiscard]] const std::string& filter() const { return filter_; }
    [[nodiscard]] const std::string& message() const { return message_; }

private:
    Wish letter(char letter);
    void move(Key::Name name);
    void answer(const Key& key);
    Wish turn_to(std::size_t number);
    Wish toggle_tree();
    void next_sort(int step);
    void ask(Asking what);
    void find(std::size_t from);
    void order() { order(chosen_name()); }
    void order(const std::string& chosen);
    [[nodiscard]] std::string chosen_name() const;
    void choose(const std::string& name);
    void remember();
    [[nodiscard]] std::string name_of(const Line& line) const;
    [[nodiscard]] bool mentions(const Line& line, const std::string& text) const;
    [[nodiscard]] std::vector<bool> filtered() const;
    Wish key_in_details(const Key& key);
    void close_details();
    void follow_detailed();

    Lookup* names_ = nullptr;
    Sample sample_;
    std::map<Kind, History> histories_;
    std::vector<std::size_t> key_; // the cells that say which line it is
    std::optional<std::size_t> remote_cell_;
    std::vector<Placed> rows_; // lines of the sample
    Counters sum_;
    std::size_t top_ = 0;
    std::size_t chosen_ = 0;
    std::size_t height_ = 1;

    std::optional<Line> detailed_;
    bool detailed_gone_ = false;
    Details details_;
    std::size_t details_top_ = 0;

    std::size_t number_ = 0;
    Sort sort_ = Sort::bytes;
    Units units_;
    bool cumulative_ = false;
    bool tree_ = false;
    bool unit_tree_ = true;
    bool loopback_ = true;
    bool paused_ = false;
    bool help_ = false;
    Asking asking_ = Asking::nothing;
    std::string search_;
    std::string filter_;
    std::string before_; // what is asked for, as it was
    std::string message_;
};

// What the views are called, and how many there are.
constexpr std::size_t view_count = 6;
const char* view_name(std::size_t number);

} // namespace netatop
