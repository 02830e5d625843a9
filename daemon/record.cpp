// SPDX-License-Identifier: GPL-2.0-only
#include "record.h"

#include <zlib.h>

#include <cstring>
#include <vector>

namespace netatop {

Result<EncodedRecord> encode(const netpertask& task) {
    EncodedRecord record;
    std::array<Bytef, sizeof task> plain{};
    std::memcpy(plain.data(), &task, sizeof task);

    uLongf length = max_stream_length;
    const int result = compress(record.bytes.data() + 1, &length, plain.data(), plain.size());
    if (result != Z_OK)
        return Error{std::string("cannot compress a record: ") + zError(result)};
    record.bytes[0] = static_cast<std::uint8_t>(length);
    record.size = 1 + length;
    return record;
}

Result<netpertask> decode(const std::uint8_t* stream, std::size_t length, std::size_t ntplen) {
    if (ntplen < sizeof(netpertask))
        return Error{"records of the log are too short", Cause::log};

    std::vector<Bytef> plain(ntplen);
    uLongf plain_length = ntplen;
    const int result = uncompress(plain.data(), &plain_length, stream, length);
    if (result != Z_OK || plain_length != ntplen)
        return Error{"a record of the log is damaged", Cause::log};

    netpertask task{};
    std::memcpy(&task, plain.data(), sizeof task);
    task.command[sizeof task.command - 1] = '\0';
    return task;
}

} // namespace netatop
