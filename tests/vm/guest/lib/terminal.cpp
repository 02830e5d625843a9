// SPDX-License-Identifier: GPL-2.0-only
#include "lib/terminal.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <poll.h>
#include <pty.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/wait.h"

namespace guest {

namespace {

constexpr char escape = 27;

// The length of what begins there: a character of UTF-8, or a sequence of control; 0 when its end
// is still to come.
std::size_t whole(const std::string& text, std::size_t at) {
    const std::size_t left = text.size() - at;
    const auto byte = static_cast<unsigned char>(text[at]);
    std::size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    if (text[at] == escape) {
        if (left < 2)
            return 0;
        const char kind = text[at + 1];
        length = kind == '(' || kind == ')' ? 3 : 2; // a character set, or what has no arguments
        if (kind == '[') {
            const auto end = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at) + 2,
                                          text.end(), [](char c) { return c >= '@' && c <= '~'; });
            if (end == text.end())
                return 0;
            length = static_cast<std::size_t>(end - text.begin()) - at + 1;
        }
    }
    return length <= left ? length : 0;
}

} // namespace

Terminal::Terminal(const std::vector<std::string>& argv, unsigned rows, unsigned columns,
                   const std::string& name)
    : rows_(rows), columns_(columns) {
    std::vector<char*> args;
    for (const auto& arg : argv)
        args.push_back(const_cast<char*>(arg.c_str()));
    args.push_back(nullptr);
    winsize size{};
    size.ws_row = static_cast<unsigned short>(rows);
    size.ws_col = static_cast<unsigned short>(columns);
    int fd = -1;
    pid_ = check(::forkpty(&fd, nullptr, nullptr, &size), "forkpty");
    if (pid_ == 0) {
        ::setenv("TERM", name.c_str(), 1);
        ::setenv("LC_ALL", "C", 1); // the machine has no other locale
        for (const int signal : {SIGHUP, SIGINT, SIGTERM})
            ::signal(signal, SIG_DFL);
        ::execvp(args[0], args.data());
        ::_exit(127);
    }
    fd_ = Fd(fd);
    clear();
}

Terminal::~Terminal() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

void Terminal::press(const std::string& keys) {
    check(::write(fd_.get(), keys.data(), keys.size()), "press keys");
}

void Terminal::resize(unsigned rows, unsigned columns) {
    rows_ = rows;
    columns_ = columns;
    clear();
    winsize size{};
    size.ws_row = static_cast<unsigned short>(rows);
    size.ws_col = static_cast<unsigned short>(columns);
    check(::ioctl(fd_.get(), TIOCSWINSZ, &size), "resize");
}

void Terminal::kill(int signal) const {
    check(::kill(pid_, signal), "kill");
}

// False when there is nothing, or nobody to write it any more.
bool Terminal::read(int limit_ms) {
    pollfd readable{fd_.get(), POLLIN, 0};
    if (::poll(&readable, 1, limit_ms) <= 0)
        return false;
    char chunk[4096];
    const ssize_t got = ::read(fd_.get(), chunk, sizeof(chunk));
    if (got <= 0) // EIO when the last writer is gone
        return false;
    const std::string bytes(chunk, static_cast<std::size_t>(got));
    bytes_ += bytes;
    put(bytes);
    return true;
}

std::string Terminal::row_with(const std::vector<std::string>& texts) {
    const auto has_all = [&](const std::string& row) {
        return std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
            return row.find(text) != std::string::npos;
        });
    };
    std::string found;
    eventually([&] {
        while (read(20)) {
        }
        const auto row = std::find_if(screen_.begin(), screen_.end(), has_all);
        if (row != screen_.end())
            found = *row;
        return row != screen_.end();
    });
    return found;
}

std::string Terminal::text() const {
    std::string all;
    for (const auto& row : screen_)
        all += row + '\n';
    return all;
}

int Terminal::finish() {
    int status = -1;
    const bool ended = eventually([&] {
        while (read(20)) {
        }
        return ::waitpid(pid_, &status, WNOHANG) == pid_;
    });
    while (ended && read(0)) {
    }
    if (ended)
        pid_ = -1;
    return status;
}

void Terminal::clear() {
    screen_.assign(rows_, std::string(columns_, ' '));
    row_ = column_ = top_ = 0;
    bottom_ = rows_ - 1;
}

// Rows of the part that scrolls, from this one on, go down by so many, or up.
void Terminal::move_rows(unsigned from, int count) {
    const auto at = [&](unsigned row) { return screen_.begin() + row; };
    for (; count > 0; --count) {
        screen_.erase(at(bottom_));
        screen_.insert(at(from), std::string(columns_, ' '));
    }
    for (; count < 0; ++count) {
        screen_.erase(at(from));
        screen_.insert(at(bottom_), std::string(columns_, ' '));
    }
}

unsigned Terminal::argument(unsigned index, unsigned otherwise) const {
    std::istringstream in(arguments_);
    std::string word;
    for (unsigned i = 0; i <= index; ++i)
        if (!std::getline(in, word, ';'))
            return otherwise;
    return word.empty() || word[0] < '0' || word[0] > '9' ? otherwise
                                                          : static_cast<unsigned>(std::stoul(word));
}

void Terminal::print(const std::string& character) {
    if (column_ >= columns_) { // the line was full, and goes on in the next one
        column_ = 0;
        row_ = std::min(row_ + 1, rows_ - 1);
    }
    screen_[row_][column_++] = character.size() == 1 ? character[0] : '#';
    last_ = character;
}

// The end of a sequence that began with ESC [.
void Terminal::control(char final) {
    const unsigned count = argument(0, 1);
    const unsigned column = std::min(column_, columns_ - 1);
    std::string& row = screen_[row_];
    switch (final) {
    case 'A':
        row_ -= std::min(row_, count);
        break;
    case 'B':
        row_ = std::min(row_ + count, rows_ - 1);
        break;
    case 'C':
        column_ = std::min(column_ + count, columns_ - 1);
        break;
    case 'D':
        column_ = column - std::min(column, count);
        break;
    case 'G':
        column_ = std::min(count, columns_) - 1;
        break;
    case 'd':
        row_ = std::min(count, rows_) - 1;
        break;
    case 'H':
        row_ = std::min(count, rows_) - 1;
        column_ = std::min(argument(1, 1), columns_) - 1;
        break;
    case 'J':
        if (argument(0, 0) == 0)
            for (unsigned i = row_ + 1; i < rows_; ++i)
                screen_[i].assign(columns_, ' ');
        else
            screen_.assign(rows_, std::string(columns_, ' '));
        [[fallthrough]];
    case 'K':
        if (argument(0, 0) == 0)
            row.replace(column, std::string::npos, columns_ - column, ' ');
        else if (argument(0, 0) == 1)
            row.replace(0, column + 1, column + 1, ' ');
        else
            row.assign(columns_, ' ');
        break;
    case 'X':
        for (unsigned i = column; i < std::min(column + count, columns_); ++i)
            row[i] = ' ';
        break;
    case '@':
        row.insert(column, std::string(count, ' '));
        row.resize(columns_);
        break;
    case 'P':
        row.erase(column, count);
        row.resize(columns_, ' ');
        break;
    case 'L':
        move_rows(row_, static_cast<int>(count));
        break;
    case 'M':
        move_rows(row_, -static_cast<int>(count));
        break;
    case 'S':
        move_rows(top_, -static_cast<int>(count));
        break;
    case 'T':
        move_rows(top_, static_cast<int>(count));
        break;
    case 'r':
        top_ = std::min(count, rows_) - 1;
        bottom_ = std::min(argument(1, rows_), rows_) - 1;
        row_ = column_ = 0;
        break;
    case 'b':
        for (unsigned i = 0; i < count; ++i)
            print(std::string(last_));
        break;
    default: // colours, modes
        break;
    }
}

void Terminal::put(const std::string& bytes) {
    rest_ += bytes;
    std::size_t at = 0;
    while (at < rest_.size()) {
        const std::size_t length = whole(rest_, at);
        if (length == 0)
            break;
        take(rest_.substr(at, length));
        at += length;
    }
    rest_.erase(0, at);
}

// A character, or a sequence of control.
void Terminal::take(const std::string& item) {
    if (item.size() > 2 && item[0] == escape && item[1] == '[') {
        arguments_ = item.substr(2, item.size() - 3);
        control(item.back());
    } else if (item[0] == '\r') {
        column_ = 0;
    } else if (item[0] == '\n') {
        if (row_ == bottom_)
            move_rows(top_, -1);
        else
            row_ = std::min(row_ + 1, rows_ - 1);
    } else if (item[0] == escape && item[1] == 'M') {
        if (row_ == top_)
            move_rows(top_, 1);
        else
            row_ -= std::min(row_, 1U);
    } else if (item[0] == '\t') {
        column_ = std::min((column_ / 8 + 1) * 8, columns_ - 1);
    } else if (item[0] == '\b') {
        column_ -= std::min(column_, 1U);
    } else if (static_cast<unsigned char>(item[0]) >= ' ') {
        print(item);
    }
}

} // namespace guest
