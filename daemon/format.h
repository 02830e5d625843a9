// SPDX-License-Identifier: GPL-2.0-only
// The format of the exit log, as released versions of atop read it.
//
//   header   16 bytes, see Header; readers map it
//   record   one length byte (1 to 255), then that many bytes: one zlib
//            stream of one netpertask, and zeros where it fills a page
//   record   ...
//
// A reader believes `curseq` alone: what stands behind that many records is
// being written. It notices a new file by the old one's link count of 0. The
// file of a daemon that ends while it has readers is the next one's.
#pragma once

#include "uapi/netatop.h"

#include <cstddef>
#include <cstdint>

namespace netatop {

constexpr const char* default_log_path = "/run/netatop.log";

struct Header {
    std::uint32_t magic;
    std::uint32_t curseq; // records written, with release ordering
    std::uint16_t hdrlen;
    std::uint16_t ntplen; // length of a netpertask; a longer one has a tail
    std::int32_t mypid;   // clients send it SIGHUP, as root, when they leave
};

constexpr std::uint32_t header_magic = 0xfeedb0b0;

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

} // namespace netatop
