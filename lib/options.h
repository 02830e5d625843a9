// SPDX-License-Identifier: GPL-2.0-only
// The command line of our programs: long options, some of them with a short name, and operands
// where a program takes any.
#pragma once

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace netatop {

class Options {
public:
    // What the program is called in messages, and what --help prints.
    Options(std::string program, std::string usage);

    // A short name is one letter.
    void flag(const std::string& name, bool& target, char letter = '\0');
    void value(const std::string& name, std::string& target, char letter = '\0');
    // May be given more than once.
    void values(const std::string& name, std::vector<std::string>& target, char letter = '\0');

    // Operands, which are refused otherwise. Those of a `command` begin with the first one,
    // whatever they look like.
    void operands(std::vector<std::string>& target);
    void command(std::vector<std::string>& target);

    // The status to exit with, unless the program shall go on.
    std::optional<int> parse(const std::vector<std::string>& arguments, std::ostream& out,
                             std::ostream& err) const;

private:
    struct Target {
        bool* flag = nullptr;
        std::string* value = nullptr;
        std::vector<std::string>* values = nullptr;
    };
    struct Parse;

    void add(const std::string& name, char letter, const Target& target);
    [[nodiscard]] int refuse(std::ostream& err, const std::string& why) const;
    int print(std::ostream& out, std::ostream& err, const std::string& text) const;

    std::string program_;
    std::string usage_;
    std::map<std::string, Target> targets_; // by "--name" and "-n"
    std::vector<std::string>* operands_ = nullptr;
    bool command_ = false;
};

// The numbers that options have as values; none when it is no such number, or out of range.
std::optional<unsigned long long> number(const std::string& text);
// With a unit of 1024 behind it: K, M, G or T.
std::optional<unsigned long long> size(const std::string& text);
// Seconds, with a fraction perhaps, as milliseconds.
std::optional<int> interval(const std::string& text);

} // namespace netatop
