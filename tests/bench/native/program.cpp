// SPDX-License-Identifier: GPL-2.0-only
#include "program.h"

#include "descriptor.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

namespace netatop::native {

namespace {

Error failed(const std::vector<std::string>& words, const std::string& how) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return {text + ": " + how};
}

// Its standard output goes to a descriptor, if one is given. Signals stay blocked in it.
Result<pid_t> start(const std::vector<std::string>& words, int output) {
    std::vector<std::string> copies(words);
    std::vector<char*> arguments;
    arguments.reserve(copies.size() + 1);
    for (std::string& word : copies)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    if (output >= 0)
        ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    pid_t pid = 0;
    const int code =
        ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), ::environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (code != 0)
        return system_error(words.front(), code);
    return pid;
}

Status finish(const std::vector<std::string>& words, pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return system_error(words.front());
    if (!WIFEXITED(status))
        return failed(words, "ended by a signal");
    if (WEXITSTATUS(status) != 0)
        return failed(words, "exit status " + std::to_string(WEXITSTATUS(status)));
    return Done{};
}

} // namespace

Status run(const std::vector<std::string>& words) {
    const auto pid = start(words, -1);
    return pid ? finish(words, *pid) : Status(pid.error());
}

Result<std::string> output_of(const std::vector<std::string>& words) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return system_error("cannot make a pipe");
    const Descriptor reading(ends[0]);
    Descriptor writing(ends[1]);
    const auto pid = start(words, writing.get());
    if (!pid)
        return pid.error();
    writing.reset();
    std::string text;
    std::array<char, 4096> buffer{};
    ssize_t length = 0;
    while ((length = ::read(reading.get(), buffer.data(), buffer.size())) > 0)
        text.append(buffer.data(), static_cast<std::size_t>(length));
    if (auto done = finish(words, *pid); !done)
        return done.error();
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text;
}

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

} // namespace netatop::native
