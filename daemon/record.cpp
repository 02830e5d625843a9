// SPDX-License-Identifier: GPL-2.0-only
#include "record.h"

#include <zlib.h>

#include <cstring>
#include <vector>

namespace netatop {

namespace {

// What compress() makes at each call. To keep it is worth the memory: making
// it takes twenty times what a record takes.
class Compressor {
public:
    Compressor() = default;
    Compressor(const Compressor&) = delete;
    Compressor& operator=(const Compressor&) = delete;
    ~Compressor() { deflateEnd(&stream_); }

    // The length of the stream, 0 when it cannot be made.
    std::size_t compress(const LogRecord& record, std::uint8_t* stream, std::size_t room) {
        if (!ready_)
            ready_ = deflateInit(&stream_, Z_DEFAULT_COMPRESSION) == Z_OK;
        if (!ready_ || deflateReset(&stream_) != Z_OK)
            return 0;
        std::array<Bytef, sizeof record> plain{};
        std::memcpy(plain.data(), &record, sizeof record);
        stream_.next_in = plain.data();
        stream_.avail_in = plain.size();
        stream_.next_out = stream;
        stream_.avail_out = static_cast<uInt>(room);
        return deflate(&stream_, Z_FINISH) == Z_STREAM_END ? stream_.total_out : 0;
    }

private:
    z_stream stream_{};
    bool ready_ = false;
};

} // namespace

Result<EncodedRecord> encode(const LogRecord& record) {
    thread_local Compressor compressor;
    EncodedRecord encoded;
    std::size_t length = compressor.compress(record, encoded.bytes.data() + 1, max_stream_length);
    if (length == 0 && record.tail.path[0] != '\0') {
        LogRecord shorter = record;
        shorter.tail.path = {};
        length = compressor.compress(shorter, encoded.bytes.data() + 1, max_stream_length);
    }
    if (length == 0)
        return Error{"cannot compress a record"};
    encoded.bytes[0] = static_cast<std::uint8_t>(length);
    encoded.size = 1 + length;
    return encoded;
}

Result<LogRecord> decode(const std::uint8_t* stream, std::size_t length, std::size_t ntplen) {
    if (ntplen < sizeof(netpertask))
        return Error{"records of the log are too short", Cause::log};

    std::vector<Bytef> plain(ntplen);
    uLongf plain_length = ntplen;
    const int result = uncompress(plain.data(), &plain_length, stream, length);
    if (result != Z_OK || plain_length != ntplen)
        return Error{"a record of the log is damaged", Cause::log};

    LogRecord record{};
    std::memcpy(&record, plain.data(), ntplen < sizeof record ? sizeof(netpertask) : sizeof record);
    record.task.command[sizeof record.task.command - 1] = '\0';
    record.tail.path.back() = '\0';
    return record;
}

} // namespace netatop
