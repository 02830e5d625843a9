// SPDX-License-Identifier: GPL-2.0-only
#include "doctor.h"

#include "json.h"
#include "options.h"
#include "text.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace netatop {

namespace {

constexpr const char* usage = R"(Usage: netatop doctor [OPTION...]
Looks at all that can be wrong on this host, and says what to do next. The exit status is 0
when nothing is wrong, and 1 when something is.

      --json     one JSON object a line
      --help     print this and exit
      --version  print the version and exit
)";

const char* word(State state) {
    switch (state) {
    case State::good:
        return "good";
    case State::note:
        return "note";
    default:
        return "wrong";
    }
}

const char* colour(State state) {
    switch (state) {
    case State::good:
        return "\033[32m";
    case State::note:
        return "\033[33m";
    default:
        return "\033[31m";
    }
}

std::string object(const Finding& finding) {
    JsonObject object;
    object.text("about", finding.about)
        .text("state", word(finding.state))
        .text("text", finding.text);
    if (finding.next.empty())
        object.null("next");
    else
        object.text("next", finding.next);
    return object.line();
}

bool wants_colours() {
    const char* wanted = std::getenv("NO_COLOR"); // NOLINT(concurrency-mt-unsafe): one thread
    return ::isatty(STDOUT_FILENO) == 1 && (wanted == nullptr || *wanted == '\0');
}

} // namespace

std::string findings_text(const std::vector<Finding>& findings, bool json, bool colours) {
    std::string lines;
    std::size_t columns = 0;
    for (const auto& finding : findings)
        columns = std::max(columns, width(harmless(finding.about)));
    for (const auto& finding : findings) {
        if (json) {
            lines += object(finding);
            continue;
        }
        const std::string state = fitted(word(finding.state), 5);
        lines += (colours ? colour(finding.state) + state + "\033[0m" : state) + ' ' +
                 fitted(harmless(finding.about), columns) + ' ' + harmless(finding.text) + '\n';
        if (!finding.next.empty())
            lines += std::string(6 + columns, ' ') + " next: " + harmless(finding.next) + '\n';
    }
    return lines;
}

int doctor_command(const std::vector<std::string>& arguments) {
    bool json = false;
    Options options("netatop", usage);
    options.flag("--json", json);
    if (const auto status = options.parse(arguments, std::cout, std::cerr))
        return *status;
    const Host host = this_host();
    auto findings = examine_kernels(host);
    for (const auto& examine : {examine_counting, examine_programs})
        for (auto& finding : examine(host))
            findings.push_back(std::move(finding));
    std::cout << findings_text(findings, json, wants_colours()) << std::flush;
    if (!std::cout) {
        std::cerr << "netatop: the output cannot be written\n";
        return static_cast<int>(Cause::system);
    }
    const bool wrong = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
        return finding.state == State::wrong;
    });
    return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}

} // namespace netatop
