// SPDX-License-Identifier: GPL-2.0-only
#include "lib/command.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>

#include "lib/fd.h"

namespace guest {

namespace {

std::pair<Fd, Fd> make_pipe() {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "pipe2");
    return {Fd(ends[0]), Fd(ends[1])};
}

void write_all(int fd, const std::string& data) {
    for (std::size_t done = 0; done < data.size();)
        done += check(::write(fd, data.data() + done, data.size() - done), "write");
}

std::string read_all(int fd) {
    std::string data;
    char chunk[4096];
    for (ssize_t got; (got = check(::read(fd, chunk, sizeof(chunk)), "read")) > 0;)
        data.append(chunk, static_cast<std::size_t>(got));
    return data;
}

pid_t spawn(const std::vector<std::string>& argv, int in, int out) {
    std::vector<char*> args;
    for (const auto& arg : argv)
        args.push_back(const_cast<char*>(arg.c_str()));
    args.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    pid_t pid = -1;
    const int error = posix_spawnp(&pid, args[0], &actions, nullptr, args.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        fail(argv[0], error);
    return pid;
}

} // namespace

std::string run(const std::vector<std::string>& argv, const std::string& input) {
    auto [in_read, in_write] = make_pipe();
    auto [out_read, out_write] = make_pipe();
    const pid_t pid = spawn(argv, in_read.get(), out_write.get());
    in_read.close();
    out_write.close();
    write_all(in_write.get(), input);
    in_write.close();
    std::string output = read_all(out_read.get());

    int status = 0;
    check(::waitpid(pid, &status, 0), "waitpid");
    if (status != 0) {
        std::string line;
        for (const auto& arg : argv)
            line += arg + " ";
        throw std::runtime_error(line + "failed: " + output + input);
    }
    return output;
}

void write_file(const std::string& path, const std::string& value) {
    const Fd file(check(::open(path.c_str(), O_WRONLY | O_CLOEXEC), path.c_str()));
    if (::write(file.get(), value.data(), value.size()) < 0)
        fail(path + " = " + value);
}

std::string read_file(const std::string& path) {
    const Fd file(check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path.c_str()));
    return read_all(file.get());
}

} // namespace guest
