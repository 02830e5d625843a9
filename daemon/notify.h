// SPDX-License-Identifier: GPL-2.0-only
// Tells the service manager how things are.
#pragma once

#include "descriptor.h"

#include <string>

namespace netatop {

class Notify {
public:
    // `socket` is the value of $NOTIFY_SOCKET; nobody listens when it is empty.
    explicit Notify(const std::string& socket);

    void ready() const { send("READY=1"); }
    void stopping() const { send("STOPPING=1"); }
    void status(const std::string& text) const { send("STATUS=" + text); }

private:
    void send(const std::string& message) const;

    Descriptor socket_;
};

} // namespace netatop
