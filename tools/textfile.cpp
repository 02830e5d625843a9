// SPDX-License-Identifier: GPL-2.0-only
#include "textfile.h"

#include "descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace netatop {

namespace {

Status write_all(int fd, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t written = ::write(fd, &text[done], text.size() - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return system_error("cannot write");
        done += static_cast<std::size_t>(written);
    }
    // A disk that is full may say so only now.
    if (::fsync(fd) != 0 && errno != EINVAL)
        return system_error("cannot write");
    return Done{};
}

} // namespace

Status replace_file(const std::string& path, const std::string& text) {
    // Beside it, for a rename must not go to another file system; collectors read *.prom alone.
    std::string beside = path + ".XXXXXX";
    const Descriptor file(::mkostemp(beside.data(), O_CLOEXEC));
    if (!file)
        return system_error("cannot make a file beside " + path +
                            ": its directory must be there and writable");
    constexpr mode_t readable = 0644;
    auto done = write_all(file.get(), text);
    if (done && ::fchmod(file.get(), readable) != 0)
        done = system_error("cannot make readable");
    if (done && std::rename(beside.c_str(), path.c_str()) != 0)
        done = system_error("cannot rename to " + path);
    if (!done)
        (void)::unlink(beside.c_str());
    return done ? done
                : Status(Error{path + ": " + done.error().text, done.error().cause,
                               done.error().code});
}

bool remove_stale(const std::string& path, std::chrono::seconds age) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode))
        return false;
    const auto since = std::chrono::seconds(::time(nullptr) - info.st_mtime);
    return since >= age && ::unlink(path.c_str()) == 0;
}

} // namespace netatop
