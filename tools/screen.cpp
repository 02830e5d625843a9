// SPDX-License-Identifier: GPL-2.0-only
#include "screen.h"

#define NCURSES_NOMACROS // their names are those of functions here
#include <curses.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace netatop {

namespace {

enum Pair : short { plain, sum_pair, head_pair, class_pair, ended_pair, message_pair };

attr_t attributes_of(Meaning meaning) {
    switch (meaning) {
    case Meaning::head:
    case Meaning::chosen:
        return A_REVERSE;
    case Meaning::sorted_head:
        return A_REVERSE | A_BOLD;
    case Meaning::sum:
    case Meaning::present_tab:
    case Meaning::message:
        return A_BOLD;
    default:
        return A_NORMAL;
    }
}

Pair pair_of(Meaning meaning) {
    switch (meaning) {
    case Meaning::sum:
    case Meaning::present_tab:
        return sum_pair;
    case Meaning::head:
    case Meaning::sorted_head:
        return head_pair;
    case Meaning::of_class:
        return class_pair;
    case Meaning::ended:
        return ended_pair;
    case Meaning::message:
        return message_pair;
    default:
        return plain;
    }
}

// https://no-color.org: whatever its value, if it has one.
bool colours_wanted() {
    const char* no = std::getenv("NO_COLOR"); // NOLINT(concurrency-mt-unsafe): no other thread
    return no == nullptr || *no == '\0';
}

bool start_colours() {
    if (!colours_wanted() || !has_colors() || start_color() == ERR)
        return false;
    const short ground = use_default_colors() == OK ? -1 : COLOR_BLACK;
    init_pair(sum_pair, COLOR_GREEN, ground);
    init_pair(head_pair, COLOR_CYAN, ground);
    init_pair(class_pair, COLOR_BLUE, ground);
    init_pair(ended_pair, COLOR_YELLOW, ground);
    init_pair(message_pair, COLOR_RED, ground);
    return true;
}

// The terminal by its own name, or by one that nearly every terminal understands.
bool open_terminal() {
    use_env(TRUE);
    use_tioctl(TRUE); // sizes change; LINES and COLUMNS do not
    constexpr std::array<const char*, 4> names{nullptr, "xterm", "linux", "vt100"};
    return std::any_of(names.begin(), names.end(),
                       [](const char* name) { return newterm(name, stdout, stdin) != nullptr; });
}

Key command(char letter) {
    return {Key::Name::command, letter};
}

std::optional<Key> key_of(int code) {
    using Name = Key::Name;
    constexpr int escape = 27;
    constexpr int rub_out = 127;
    switch (code) {
    case KEY_UP:
        return Key{Name::up};
    case KEY_DOWN:
        return Key{Name::down};
    case KEY_PPAGE:
        return Key{Name::page_up};
    case KEY_NPAGE:
        return Key{Name::page_down};
    case KEY_HOME:
        return Key{Name::home};
    case KEY_END:
        return Key{Name::end};
    case KEY_ENTER:
    case '\r':
    case '\n':
        return Key{Name::enter};
    case escape:
        return Key{Name::escape};
    case KEY_BACKSPACE:
    case '\b':
    case rub_out:
        return Key{Name::erase};
    case '\t':
        return Key{Name::tab};
    case KEY_BTAB:
        return Key{Name::back_tab};
    case KEY_F(1):
        return command('?');
    case KEY_F(3):
        return command('/');
    case KEY_F(4):
        return command('f');
    case KEY_F(5):
        return command('t');
    case KEY_F(6):
        return command('>');
    case KEY_F(10):
        return command('q');
    default:
        break;
    }
    if (code < ' ' || code > 0xff)
        return std::nullopt;
    return Key{Name::byte, static_cast<char>(code)};
}

} // namespace

Result<Screen> Screen::open() {
    if (!open_terminal())
        return Error{
            "cannot use the terminal: it is not known by the name in TERM, nor by any other; "
            "install its description (ncurses-term), or use `netatop list -d 1`",
            Cause::system};
    cbreak(); // signals come by keys as ever
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(25);
    curs_set(0);
    return Screen(start_colours());
}

Screen::Screen(Screen&& other) noexcept
    : open_(std::exchange(other.open_, false)), colours_(other.colours_) {}

Screen::~Screen() {
    if (open_)
        endwin();
}

std::size_t Screen::height() {
    return static_cast<std::size_t>(getmaxy(stdscr));
}

std::size_t Screen::width() {
    return static_cast<std::size_t>(getmaxx(stdscr));
}

void Screen::draw(const std::vector<PageLine>& lines) const {
    werase(stdscr);
    int row = 0;
    for (const auto& line : lines) {
        wmove(stdscr, row++, 0);
        for (const auto& piece : line) {
            const auto pair = colours_ ? pair_of(piece.meaning) : plain;
            wattr_set(stdscr, attributes_of(piece.meaning), pair, nullptr);
            waddnstr(stdscr, piece.text.data(), static_cast<int>(piece.text.size()));
        }
    }
    wattr_set(stdscr, A_NORMAL, plain, nullptr);
    wrefresh(stdscr);
}

std::optional<Key> Screen::read() {
    for (;;) {
        const int code = wgetch(stdscr);
        if (code == ERR)
            return std::nullopt;
        if (const auto key = key_of(code))
            return key;
    }
}

} // namespace netatop
