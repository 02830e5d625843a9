// SPDX-License-Identifier: GPL-2.0-only
// The terminal while the live view has it, by ncurses.
#pragma once

#include "page.h"
#include "result.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace netatop {

// There can be one at a time. At its end the terminal is as it was before. ncurses stops the
// program and brings it back for SIGTSTP and SIGCONT, in its own handlers.
class Screen {
public:
    static Result<Screen> open();
    Screen(Screen&& other) noexcept;
    Screen& operator=(Screen&&) = delete;
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    ~Screen();

    [[nodiscard]] static std::size_t height();
    [[nodiscard]] static std::size_t width();
    void draw(const std::vector<PageLine>& lines) const;
    // A key that is there already, if one is. The size of the terminal is looked at too.
    static std::optional<Key> read();

private:
    explicit Screen(bool colours) : colours_(colours) {}

    bool open_ = true;
    bool colours_;
};

} // namespace netatop
