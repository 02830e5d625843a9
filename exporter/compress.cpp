// SPDX-License-Identifier: GPL-2.0-only
#include "compress.h"

#include <zlib.h>

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
    std::string result;
    result.resize(::deflateBound(&stream, text.size()));
    std::string from = text; // zlib's interface takes no const
    stream.next_in = static_cast<Bytef*>(static_cast<void*>(from.data()));
    stream.avail_in = static_cast<uInt>(from.size());
    stream.next_out = static_cast<Bytef*>(static_cast<void*>(result.data()));
    stream.avail_out = static_cast<uInt>(result.size());
    const int done = ::deflate(&stream, Z_FINISH);
    result.resize(stream.total_out);
    ::deflateEnd(&stream);
    return done == Z_STREAM_END ? std::optional(std::move(result)) : std::nullopt;
}

} // namespace netatop
