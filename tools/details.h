// SPDX-License-Identifier: GPL-2.0-only
// All that is known of one row of the live view: who it is, and its connections.
#pragma once

#include "connections.h"
#include "listing.h"
#include "lookup.h"

#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace netatop {

struct Details {
    std::vector<std::pair<std::string, std::string>> facts; // name and value, any bytes
    std::vector<Connection> connections; // those that carried most first, of those that are open
    std::string note;                    // why some of them are not known
};

// What the columns of a line say, and the command line if it is known.
std::vector<std::pair<std::string, std::string>> facts_of(Kind kind, const Line& line,
                                                          const std::string& command_line);

// Is the connection one of the line's: of its process, its unit, its container, or to its address?
bool belongs(const Connection& connection, Kind kind, const Line& line, Identities& identities);

// Arguments of a process with blanks between them, as /proc has them; empty where there are none.
std::string command_line(const std::string& pid, const std::string& proc = "/proc");

class DetailsReader {
public:
    // `proc` is another one for tests.
    static Result<DetailsReader> make(Connect connect = connect_generic,
                                      const std::string& proc = "/proc");

    Result<Details> read(Kind kind, const Line& line);
    // Something that was not there before, after settle().
    [[nodiscard]] const Lookup& commands() const { return commands_; }

private:
    DetailsReader(Connect connect, Lookup commands)
        : connect_(std::move(connect)), commands_(std::move(commands)) {}

    Connect connect_;
    Lookup commands_; // for a process that hangs may make who looks at it hang
    Identities identities_;
};

} // namespace netatop
