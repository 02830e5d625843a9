// SPDX-License-Identifier: GPL-2.0-only
// What the kernel says aloud, where the machine has it say everything.
#pragma once

namespace guest {

// For as long as it lives the kernel says aloud only what is more urgent than a level of printk: 4
// leaves errors, 3 what is worse.
class LowVoice {
public:
    explicit LowVoice(int level);
    LowVoice(const LowVoice&) = delete;
    LowVoice& operator=(const LowVoice&) = delete;
    ~LowVoice();
};

} // namespace guest
