// SPDX-License-Identifier: GPL-2.0-only
// The system calls on the log whose failure a test must be able to cause.
#pragma once

#include <sys/statvfs.h>
#include <sys/types.h>

namespace netatop {

class Files {
public:
    Files() = default;
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    virtual ~Files() = default;

    virtual int openat(int directory, const char* name, int flags, mode_t mode);
    virtual ssize_t pwrite(int fd, const void* data, size_t length, off_t offset);
    virtual int renameat(int directory, const char* from, const char* to);
    virtual int fstatvfs(int fd, struct statvfs* space);
};

} // namespace netatop
