// SPDX-License-Identifier: GPL-2.0-only
// One record of the exit log: between a netpertask and its compressed bytes.
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

Result<EncodedRecord> encode(const netpertask& task);

// Decodes one stream of a log whose header announces `ntplen` bytes a record.
Result<netpertask> decode(const std::uint8_t* stream, std::size_t length, std::size_t ntplen);

} // namespace netatop
