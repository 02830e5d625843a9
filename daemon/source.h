// SPDX-License-Identifier: GPL-2.0-only
// Where the records of exited processes come from.
#pragma once

#include "descriptor.h"
#include "format.h"

#include <string>

namespace netatop {

// What became of an attempt to take a record.
struct Taken {
    enum class Outcome {
        record,      // `task` holds it, and `tail` what more is known
        interrupted, // by a signal
        absent,      // no module is loaded
        unfit,       // the module is not one for this program: `text` says why
        denied,      // this process may not
        failed,      // something else: `text` says what
    };
    Outcome outcome = Outcome::failed;
    netpertask task{};
    std::string text{};
    LogTail tail{};
};

class ExitSource {
public:
    ExitSource() = default;
    ExitSource(const ExitSource&) = delete;
    ExitSource& operator=(const ExitSource&) = delete;
    virtual ~ExitSource() = default;

    // Is there something to take from? Outcome `record` says yes.
    virtual Taken probe() = 0;

    // Waits for a record. To call it again says that all work on the one
    // before is finished: clients that wait for it go on from there.
    virtual Taken take() = 0;
};

// What the long form of a record says.
Taken taken(const netatop_exit& ended);

// Can this daemon work with the module of that version? Yes when it is empty.
bool supports_module(const std::string& version);

// The kernel module, asked by getsockopt.
class ModuleSource : public ExitSource {
public:
    Taken probe() override;
    Taken take() override;

private:
    Taken take_long();
    Taken take_short();

    Descriptor socket_;
    bool long_form_ = true; // does the module know it?
};

} // namespace netatop
