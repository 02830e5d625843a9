// SPDX-License-Identifier: GPL-2.0-only
// One record of the exit log: between its plain and its compressed bytes.
#pragma once

#include "format.h"
#include "result.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace netatop {

constexpr std::size_t max_stream_length = 255;

// The bytes of a record as the log holds them, the length byte first.
struct EncodedRecord {
    std::array<std::uint8_t, 1 + max_stream_length> bytes{};
    std::size_t size = 0;
};

// Without its path where that makes it too long.
Result<EncodedRecord> encode(const LogRecord& record);

// Decodes one stream of a log whose header announces `ntplen` bytes a record.
// Its tail is empty where they are shorter than a whole one.
Result<LogRecord> decode(const std::uint8_t* stream, std::size_t length, std::size_t ntplen);

} // namespace netatop
