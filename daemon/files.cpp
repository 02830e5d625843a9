// SPDX-License-Identifier: GPL-2.0-only
#include "files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

namespace netatop {

int Files::openat(int directory, const char* name, int flags, mode_t mode) {
    return ::openat(directory, name, flags, mode);
}

ssize_t Files::pwrite(int fd, const void* data, size_t length, off_t offset) {
    return ::pwrite(fd, data, length, offset);
}

int Files::renameat(int directory, const char* from, const char* to) {
    return ::renameat(directory, from, directory, to);
}

int Files::fstatvfs(int fd, struct statvfs* space) {
    return ::fstatvfs(fd, space);
}

} // namespace netatop
