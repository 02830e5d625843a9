// SPDX-License-Identifier: GPL-2.0-only
#include "lib/low_voice.h"

#include <string>

#include "lib/command.h"

namespace guest {

namespace {

constexpr auto all_aloud = "/sys/module/printk/parameters/ignore_loglevel";
constexpr auto level_aloud = "/proc/sys/kernel/printk";
// Everything but debugging messages, as the kernel has it by default.
constexpr auto default_level = "7";

} // namespace

LowVoice::LowVoice(int level) {
    write_file(all_aloud, "N");
    write_file(level_aloud, std::to_string(level));
}

LowVoice::~LowVoice() {
    write_file(level_aloud, default_level);
    write_file(all_aloud, "Y");
}

} // namespace guest
