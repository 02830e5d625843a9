// SPDX-License-Identifier: GPL-2.0-only
#include "compress.h"

#define ZLIB_CONST
#include <zlib.h>

#include <array>

namespace netatop {

std::optional<std::string> gzipped(const std::string& text) {
    // Fast: lines that hardly differ become small anyway.
    constexpr int level = 1;
    constexpr int with_gzip_header = 16;
    constexpr int memory = 8;
    z_stream stream{};
    if (::deflateInit2(&stream, level, Z_DEFLATED, MAX_WBITS + with_gzip_header, memory,
                       Z_DEFAULT_STRATEGY) != Z_OK)
        return std::nullopt;
    stream.next_in = static_cast<const Bytef*>(static_cast<const void*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    std::string result;
    constexpr std::size_t piece = 16UL * 1024UL;
    std::array<Bytef, piece> out{};
    int done = Z_OK;
    while (done == Z_OK) {
        stream.next_out = out.data();
        stream.avail_out = static_cast<uInt>(out.size());
        done = ::deflate(&stream, Z_FINISH);
        result.append(static_cast<const char*>(static_cast<const void*>(out.data())),
                      out.size() - stream.avail_out);
    }
    ::deflateEnd(&stream);
    return done == Z_STREAM_END ? std::optional(std::move(result)) : std::nullopt;
}

} // namespace netatop
