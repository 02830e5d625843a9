// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include "result.h"

#include <charconv>
#include <cstdlib>
#include <limits>

namespace netatop {

// One command line on its way.
struct Options::Parse {
    std::vector<std::string>::const_iterator at;
    std::vector<std::string>::const_iterator end;
    std::string problem{};

    // Takes one option; false when it cannot, for the reason in `problem`.
    bool option(const std::map<std::string, Target>& targets) {
        return at->rfind("--", 0) == 0 ? long_option(targets) : letters(targets);
    }

private:
    bool long_option(const std::map<std::string, Target>& targets) {
        const auto equals = at->find('=');
        const std::string name = at->substr(0, equals);
        const auto found = targets.find(name);
        const bool has_value = equals != std::string::npos;
        if (found != targets.end() && found->second.flag == nullptr)
            return has_value ? set(found->second, at->substr(equals + 1))
                             : next(found->second, name);
        if (has_value)
            return fail("cannot take '" + *at + "'");
        if (found == targets.end())
            return fail("unknown option '" + *at + "'");
        *found->second.flag = true;
        return true;
    }

    // Several in one: flags, and at the end one with a value, which may follow at once.
    bool letters(const std::map<std::string, Target>& targets) {
        const std::string all = *at;
        for (std::size_t i = 1; i < all.size(); ++i) {
            const std::string name{'-', all[i]};
            const auto found = targets.find(name);
            if (found == targets.end())
                return fail("unknown option '" + name + "'");
            if (found->second.flag == nullptr)
                return i + 1 < all.size() ? set(found->second, all.substr(i + 1))
                                          : next(found->second, name);
            *found->second.flag = true;
        }
        return true;
    }

    bool next(const Target& target, const std::string& name) {
        if (++at == end) {
            --at;
            return fail(name + " needs a value");
        }
        return set(target, *at);
    }

    static bool set(const Target& target, const std::string& text) {
        if (target.value != nullptr)
            *target.value = text;
        else
            target.values->push_back(text);
        return true;
    }

    bool fail(std::string why) {
        problem = std::move(why);
        return false;
    }
};

Options::Options(std::string program, std::string usage)
    : program_(std::move(program)), usage_(std::move(usage)) {}

void Options::add(const std::string& name, char letter, const Target& target) {
    targets_[name] = target;
    if (letter != '\0')
        targets_[std::string{'-', letter}] = target;
}

void Options::flag(const std::string& name, bool& target, char letter) {
    add(name, letter, {&target, nullptr, nullptr});
}

void Options::value(const std::string& name, std::string& target, char letter) {
    add(name, letter, {nullptr, &target, nullptr});
}

void Options::values(const std::string& name, std::vector<std::string>& target, char letter) {
    add(name, letter, {nullptr, nullptr, &target});
}

void Options::operands(std::vector<std::string>& target) {
    operands_ = &target;
}

void Options::command(std::vector<std::string>& target) {
    operands_ = &target;
    command_ = true;
}

int Options::refuse(std::ostream& err, const std::string& why) const {
    err << program_ << ": " << why << "; try '" << program_ << " --help'\n";
    return static_cast<int>(Cause::usage);
}

int Options::print(std::ostream& out, std::ostream& err, const std::string& text) const {
    if (out << text << std::flush)
        return EXIT_SUCCESS;
    err << program_ << ": cannot write the output\n";
    return static_cast<int>(Cause::system);
}

std::optional<int> Options::parse(const std::vector<std::string>& arguments, std::ostream& out,
                                  std::ostream& err) const {
    Parse parse{arguments.begin(), arguments.end()};
    for (; parse.at != parse.end; ++parse.at) {
        const std::string& argument = *parse.at;
        const bool rest = argument == "--";
        if (operands_ != nullptr && (rest || (command_ && argument.rfind('-', 0) != 0))) {
            operands_->insert(operands_->end(), parse.at + (rest ? 1 : 0), parse.end);
            break;
        }
        if (argument == "--help")
            return print(out, err, usage_);
        if (argument == "--version")
            return print(out, err, program_ + " " NETATOP_VERSION "\n");
        if (argument.size() > 1 && argument[0] == '-') {
            if (!parse.option(targets_))
                return refuse(err, parse.problem);
        } else if (operands_ != nullptr) {
            operands_->push_back(argument);
        } else {
            return refuse(err, "unknown option '" + argument + "'");
        }
    }
    return std::nullopt;
}

std::optional<unsigned long long> number(const std::string& text) {
    unsigned long long value = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || rest != end)
        return std::nullopt;
    return value;
}

std::optional<unsigned long long> size(const std::string& text) {
    static const std::string units = "KMGT";
    const auto unit = text.empty() ? std::string::npos : units.find(text.back());
    if (unit == std::string::npos)
        return number(text);
    const auto value = number(text.substr(0, text.size() - 1));
    const auto shift = 10 * (unit + 1);
    if (!value || *value > std::numeric_limits<unsigned long long>::max() >> shift)
        return std::nullopt;
    return *value << shift;
}

std::optional<int> interval(const std::string& text) {
    constexpr unsigned long long most = 1000000; // eleven days
    const auto point = text.find('.');
    const auto whole = number(text.substr(0, point));
    if (!whole || *whole > most)
        return std::nullopt;
    unsigned long long milliseconds = *whole * 1000;
    if (point != std::string::npos) {
        const auto part = number((text.substr(point + 1) + "00").substr(0, 3));
        if (!part || text.size() - point > 4 || text.size() - point < 2)
            return std::nullopt;
        milliseconds += *part;
    }
    if (milliseconds == 0)
        return std::nullopt;
    return static_cast<int>(milliseconds);
}

} // namespace netatop
