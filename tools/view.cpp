// SPDX-License-Identifier: GPL-2.0-only
#include "view.h"

#include "rows.h"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

namespace netatop {

namespace {

struct Named {
    const char* name;
    Kind kind;
    std::vector<const char*> key; // the columns that say which line it is
};

const std::array<Named, view_count>& views() {
    static const std::array<Named, view_count> all{
        {{"programs", Kind::processes, {"pid"}},
         {"threads", Kind::threads, {"tid"}},
         {"units", Kind::units, {"unit", "slice"}},
         {"containers", Kind::containers, {"container", "engine"}},
         {"connections", Kind::connections, {"cookie", "protocol"}},
         {"remotes", Kind::remotes, {"remote"}}}};
    return all;
}

constexpr std::array sorts{Sort::bytes, Sort::received, Sort::sent, Sort::packets,
                           Sort::total, Sort::pid,      Sort::name};

// Where the columns of its key are.
std::vector<std::size_t> cells_of(const Named& view, Kind kind) {
    std::vector<std::size_t> cells;
    const auto columns = columns_of(kind);
    for (const char* key : view.key)
        for (std::size_t i = 0; i < columns.size(); ++i)
            if (columns[i].name == key)
                cells.push_back(i);
    return cells;
}

std::optional<std::size_t> remote_cell_of(Kind kind) {
    const auto columns = columns_of(kind);
    for (std::size_t i = 0; i < columns.size(); ++i)
        if (columns[i].name == "remote")
            return i;
    return std::nullopt;
}

std::string text_of(const Cell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell))
        return *text;
    if (const auto* value = std::get_if<std::uint64_t>(&cell))
        return std::to_string(*value);
    return {};
}

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

// Letters of ASCII in whatever case.
bool contains(const std::string& text, const std::string& part) {
    return std::search(text.begin(), text.end(), part.begin(), part.end(),
                       [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

void erase_character(std::string& text) {
    while (!text.empty()) {
        const auto last = static_cast<unsigned char>(text.back());
        text.pop_back();
        if ((last & 0xc0U) != 0x80) // all of UTF-8 that goes on from the one before
            break;
    }
}

} // namespace

const char* view_name(std::size_t number) {
    return views().at(number).name;
}

std::string amount(std::uint64_t bytes, const Units& units) {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    const auto value = !units.bits ? bytes : bytes > most / 8 ? most : bytes * 8;
    return short_number(value, units.si ? 1000 : 1024);
}

Kind View::kind() const {
    const auto kind = views().at(number_).kind;
    if (kind == Kind::units)
        return unit_tree_ ? Kind::unit_trees : kind;
    return kind == Kind::processes && tree_ ? Kind::trees : kind;
}

void View::take(Sample sample) {
    const std::string chosen = chosen_name();
    rows_.clear();
    sample_ = std::move(sample);
    if (!sample_.note.empty())
        say(sample_.note);
    key_ = cells_of(views().at(number_), kind());
    remote_cell_ = remote_cell_of(kind());
    remember();
    follow_detailed();
    order(chosen);
}

void View::take(Details details) {
    details_ = std::move(details);
    if (!details_.note.empty())
        say(details_.note);
}

void View::take_names() {
    if (!filter_.empty())
        order();
}

// Has the name, or what is shown beside it, the text? Names of remotes that are not seen are asked
// for then, unless there are so many that they would drive each other out.
bool View::mentions(const Line& line, const std::string& text) const {
    constexpr std::size_t many = 1000;
    const auto has = [&](const Cell& cell) { return contains(text_of(cell), text); };
    if (contains(line.shown, text) || std::any_of(line.who.begin(), line.who.end(), has))
        return true;
    if (names_ == nullptr || !remote_cell_ || sample_.lines.size() > many)
        return false;
    const std::string remote = text_of(line.who.at(*remote_cell_));
    return contains(
        kind() == Kind::remotes ? remote_name(remote) : remote_text(Endpoint::of(remote)), text);
}

// A sample that is shown again in another view is not a new one there, if that had it before.
void View::remember() {
    for (auto& [kind, history] : histories_)
        history.forget(sample_.at_ms);
    auto& history = histories_[kind()];
    if (!history.begin(sample_.at_ms, sample_.interval_ms))
        return;
    for (const auto& line : sample_.lines)
        if (line.counters.any())
            history.add(name_of(line), line.counters);
}

History::Seconds View::history() const {
    const auto found = histories_.find(kind());
    if (found == histories_.end() || (!detailed_ && chosen_ >= rows_.size()))
        return History::Seconds(history_seconds);
    return found->second.seconds(detailed_ ? name_of(*detailed_) : chosen_name(), loopback_);
}

// Which lines the filter takes, and with them those that they stand below.
std::vector<bool> View::filtered() const {
    const auto& lines = sample_.lines;
    std::vector<bool> taken(lines.size(), filter_.empty());
    for (std::size_t i = 0; i < lines.size() && !filter_.empty(); ++i)
        if (mentions(lines[i], filter_))
            for (std::optional<std::size_t> at = i; at && !taken[*at]; at = lines[*at].parent)
                taken[*at] = true;
    return taken;
}

std::string View::chosen_name() const {
    return chosen_ < rows_.size() ? name_of(sample_.lines[rows_[chosen_].line]) : std::string();
}

// The rows from the last sample. The chosen row stays the same one as long as it is there.
void View::order(const std::string& chosen) {
    const auto& lines = sample_.lines;
    sum_ = {};
    for (const auto& line : lines)
        if (!line.parent) // which has what those below it have
            sum_ += shown(cumulative_ ? line.total : line.counters);
    const auto taken = filtered();
    rows_ = placed(lines, sort_, [&](std::size_t i) -> std::optional<std::uint64_t> {
        if (!taken[i])
            return std::nullopt;
        const auto& [counters, total] = std::tie(lines[i].counters, lines[i].total);
        return weight(shown(cumulative_ ? total : counters), shown(total), sort_);
    });
    choose(chosen);
}

Line View::row(std::size_t number) const {
    const auto& place = rows_.at(number);
    Line line = sample_.lines[place.line];
    line.shown.insert(0, 2 * place.depth, ' ');
    line.total = shown(line.total);
    line.counters = cumulative_ ? line.total : shown(line.counters);
    return line;
}

std::vector<Line> View::rows() const {
    std::vector<Line> rows;
    for (std::size_t i = 0; i < rows_.size(); ++i)
        rows.push_back(row(i));
    return rows;
}

std::string View::remote_name(const std::string& address) const {
    if (names_ == nullptr || address.empty())
        return address;
    const auto name = names_->get(address);
    return name && !name->empty() ? *name : address;
}

std::string View::remote_text(const Endpoint& remote) const {
    return Endpoint{remote_name(remote.address), remote.port}.text();
}

Counters View::module() const {
    return shown(cumulative_ ? sample_.total : sample_.moved);
}

std::optional<Carried> View::devices() const {
    auto devices = cumulative_ ? std::nullopt : sample_.devices;
    if (devices && !loopback_) {
        devices->received -= sample_.loopback.received;
        devices->sent -= sample_.loopback.sent;
    }
    return devices;
}

void View::choose(const std::string& name) {
    if (chosen_ != 0 && !name.empty()) { // who is at the top looks at what is first
        const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const Placed& row) {
            return name_of(sample_.lines[row.line]) == name;
        });
        if (found != rows_.end())
            chosen_ = static_cast<std::size_t>(found - rows_.begin());
    }
    chosen_ = std::min(chosen_, rows_.empty() ? 0 : rows_.size() - 1);
}

std::string View::name_of(const Line& line) const {
    if (is_class(line))
        return line.name;
    std::string name;
    for (const auto cell : key_)
        if (cell < line.who.size())
            name += text_of(line.who[cell]) + '\n';
    return name;
}

void View::fit(std::size_t height) {
    height_ = std::max<std::size_t>(height, 1);
    if (chosen_ < top_)
        top_ = chosen_;
    if (chosen_ >= top_ + height_)
        top_ = chosen_ - height_ + 1;
    if (rows_.size() <= top_ + height_) // no empty rows while there are more
        top_ = rows_.size() > height_ ? rows_.size() - height_ : 0;
}

View::Wish View::key(const Key& key) {
    message_.clear();
    if (asking_ != Asking::nothing) {
        answer(key);
        return Wish::nothing;
    }
    if (help_) { // any key ends it, but q ends all
        help_ = false;
        return key.byte == 'q' ? Wish::quit : Wish::nothing;
    }
    if (detailed_)
        return key_in_details(key);
    switch (key.name) {
    case Key::Name::enter:
        if (chosen_ >= rows_.size())
            return Wish::nothing;
        detailed_ = row(chosen_);
        return Wish::details;
    case Key::Name::tab:
        return turn_to((number_ + 1) % view_count);
    case Key::Name::back_tab:
        return turn_to((number_ + view_count - 1) % view_count);
    case Key::Name::escape:
        filter_.clear();
        search_.clear();
        order();
        return Wish::nothing;
    case Key::Name::byte:
    case Key::Name::command:
        return letter(key.byte);
    default:
        move(key.name);
        return Wish::nothing;
    }
}

void View::move(Key::Name name) {
    const std::size_t last = rows_.empty() ? 0 : rows_.size() - 1;
    const auto back = [&](std::size_t step) { return chosen_ > step ? chosen_ - step : 0; };
    switch (name) {
    case Key::Name::up:
        chosen_ = back(1);
        break;
    case Key::Name::page_up:
        chosen_ = back(height_);
        break;
    case Key::Name::home:
        chosen_ = 0;
        break;
    case Key::Name::down:
        chosen_ = std::min(chosen_ + 1, last);
        break;
    case Key::Name::page_down:
        chosen_ = std::min(chosen_ + height_, last);
        break;
    case Key::Name::end:
        chosen_ = last;
        break;
    default:
        break;
    }
}

View::Wish View::letter(char letter) {
    if (letter >= '1' && letter < '1' + static_cast<char>(view_count))
        return turn_to(static_cast<std::size_t>(letter - '1'));
    switch (letter) {
    case 'q':
        return Wish::quit;
    case '?':
    case 'h':
        help_ = true;
        return Wish::nothing;
    case 'p':
    case ' ':
        paused_ = !paused_;
        return paused_ ? Wish::nothing : Wish::sample;
    case 't':
        return toggle_tree();
    case '<':
    case '>':
    case 's':
        next_sort(letter == '<' ? -1 : 1);
        break;
    case 'b':
        units_.bits = !units_.bits;
        break;
    case 'i':
        units_.si = !units_.si;
        break;
    case 'c':
        cumulative_ = !cumulative_;
        order();
        break;
    case 'l':
        loopback_ = !loopback_;
        order();
        break;
    case '/':
        ask(Asking::search);
        break;
    case 'n':
        find(chosen_ + 1);
        break;
    case 'f':
        ask(Asking::filter);
        break;
    default:
        break;
    }
    return Wish::nothing;
}

View::Wish View::toggle_tree() {
    const Kind before = kind();
    if (before == Kind::processes || before == Kind::trees)
        tree_ = !tree_;
    else if (before == Kind::units || before == Kind::unit_trees)
        unit_tree_ = !unit_tree_;
    return kind() == before ? Wish::nothing : Wish::show;
}

View::Wish View::turn_to(std::size_t number) {
    if (number == number_)
        return Wish::nothing;
    close_details();
    number_ = number;
    chosen_ = top_ = 0;
    rows_.clear();
    sample_ = {};
    sum_ = {};
    return Wish::show;
}

void View::next_sort(int step) {
    const auto* at = std::find(sorts.begin(), sorts.end(), sort_);
    const auto place = static_cast<std::size_t>(at - sorts.begin());
    sort_ = sorts.at((place + sorts.size() + static_cast<std::size_t>(step)) % sorts.size());
    order();
}

void View::ask(Asking what) {
    asking_ = what;
    std::string& text = what == Asking::search ? search_ : filter_;
    before_ = text;
    text.clear();
    order();
}

// While it is written, it holds already. Escape brings back what was.
void View::answer(const Key& key) {
    std::string& text = asking_ == Asking::search ? search_ : filter_;
    const bool searches = asking_ == Asking::search;
    if (key.name == Key::Name::enter) {
        asking_ = Asking::nothing;
    } else if (key.name == Key::Name::escape) {
        asking_ = Asking::nothing;
        text = before_;
    } else if (key.name == Key::Name::erase) {
        erase_character(text);
    } else if (key.name == Key::Name::byte) {
        text += key.byte;
    } else {
        return;
    }
    if (searches && asking_ != Asking::nothing)
        find(chosen_);
    order();
}

// The next row that mentions what is searched, from this one on and then from the first.
void View::find(std::size_t from) {
    if (search_.empty())
        return;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const std::size_t at = (from + i) % rows_.size();
        if (mentions(sample_.lines[rows_[at].line], search_)) {
            chosen_ = at;
            return;
        }
    }
    say("no row has '" + search_ + "'");
}

void View::close_details() {
    detailed_.reset();
    detailed_gone_ = false;
    details_ = {};
    details_top_ = 0;
}

// The row of the new sample that is the same one, whatever the filter.
void View::follow_detailed() {
    if (!detailed_)
        return;
    const auto& lines = sample_.lines;
    const std::string name = name_of(*detailed_);
    const auto found = std::find_if(lines.begin(), lines.end(),
                                    [&](const Line& line) { return name_of(line) == name; });
    detailed_gone_ = found == lines.end();
    if (!detailed_gone_)
        detailed_ = *found;
}

std::size_t View::fit_details(std::size_t lines, std::size_t height) {
    height_ = std::max<std::size_t>(height, 1);
    details_top_ = std::min(details_top_, lines > height_ ? lines - height_ : 0);
    return details_top_;
}

// What has a meaning for a list of rows alone is passed over; another view ends the details.
View::Wish View::key_in_details(const Key& key) {
    constexpr std::size_t end = std::numeric_limits<std::size_t>::max() / 2;
    const auto back = [&](std::size_t step) { return details_top_ - std::min(details_top_, step); };
    switch (key.name) {
    case Key::Name::enter:
    case Key::Name::escape:
    case Key::Name::erase:
        close_details();
        break;
    case Key::Name::tab:
        return turn_to((number_ + 1) % view_count);
    case Key::Name::back_tab:
        return turn_to((number_ + view_count - 1) % view_count);
    case Key::Name::up:
        details_top_ = back(1);
        break;
    case Key::Name::page_up:
        details_top_ = back(height_);
        break;
    case Key::Name::home:
        details_top_ = 0;
        break;
    case Key::Name::down:
        ++details_top_;
        break;
    case Key::Name::page_down:
        details_top_ += height_;
        break;
    case Key::Name::end:
        details_top_ = end;
        break;
    default:
        if (std::string("q?hp bil123456").find(key.byte) != std::string::npos)
            return letter(key.byte);
        break;
    }
    return Wish::nothing;
}

} // namespace netatop
