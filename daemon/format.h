// SPDX-License-Identifier: GPL-2.0-only
// The format of the exit log, as released versions of atop read it.
//
//   header   16 bytes, see Header; readers map it
//   record   one length byte (1 to 255), then that many bytes: one zlib
//            stream of one LogRecord, and zeros where it fills a page
//   record   ...
//
// A reader believes `curseq` alone: what stands behind that many records is
// being written. It notices a new file by the old one's link count of 0. The
// file of a daemon that ends while it has readers is the next one's.
#pragma once

#include "uapi/netatop.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace netatop {

constexpr const char* default_log_path = "/run/netatop.log";

struct Header {
    std::uint32_t magic;
    std::uint32_t curseq; // records written, with release ordering
    std::uint16_t hdrlen;
    std::uint16_t ntplen; // length of a record: of a netpertask, and of a tail if longer
    std::int32_t mypid;   // clients send it SIGHUP, as root, when they leave
};

constexpr std::uint32_t header_magic = 0xfeedb0b0;

constexpr std::size_t log_path_length = 256;

// What released versions of atop pass over. An older log has none, one of a later version may go on
// behind it.
struct LogTail {
    // What is known; without it the members are 0.
    static constexpr std::uint32_t knows_all = 1;

    std::uint64_t start;  // ns since boot, suspension included
    std::uint64_t end;    // likewise
    std::int64_t exited;  // the end in ms since the epoch
    std::uint64_t cgroup; // inode of its directory; 0 without
    std::uint32_t uid;    // real user id
    std::uint32_t parent; // its process id; 0 when not known
    std::uint32_t netns;  // inode of the network namespace; 0 when not known
    std::uint32_t known;  // knows_all, or 0 when the module told no more than atop has
    std::array<std::uint64_t, 8> loopback;  // the part of the counters, in their order
    std::array<char, log_path_length> path; // of the cgroup, ends with 0; empty when not known
};

// Stands for the daemon in a log that has none at present: above any process id, so that a signal
// to it reaches nobody, and not negative, which would name a group.
constexpr std::int32_t absent_daemon = 0x7fffffff;

static_assert(sizeof(Header) == 16);
static_assert(offsetof(Header, magic) == 0);
static_assert(offsetof(Header, curseq) == 4);
static_assert(offsetof(Header, hdrlen) == 8);
static_assert(offsetof(Header, ntplen) == 10);
static_assert(offsetof(Header, mypid) == 12);

static_assert(offsetof(netpertask, id) == 0);
#if __SIZEOF_LONG__ == 8
static_assert(sizeof(netpertask) == 96);
static_assert(offsetof(netpertask, btime) == 8);
static_assert(offsetof(netpertask, command) == 16);
static_assert(offsetof(netpertask, tcpsndpacks) == 32);
static_assert(offsetof(netpertask, udprcvbytes) == 88);
#endif

static_assert(sizeof(LogTail) == 368);
static_assert(offsetof(LogTail, cgroup) == 24);
static_assert(offsetof(LogTail, uid) == 32);
static_assert(offsetof(LogTail, loopback) == 48);
static_assert(offsetof(LogTail, path) == 112);

struct LogRecord {
    netpertask task;
    LogTail tail;
};

static_assert(sizeof(LogRecord) == sizeof(netpertask) + sizeof(LogTail));

} // namespace netatop
