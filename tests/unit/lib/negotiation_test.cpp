// SPDX-License-Identifier: GPL-2.0-only
// What a client of HTTP can read.
#include "compress.h"
#include "negotiation.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace netatop::test {

TEST(Negotiation, WhatPrometheusSends) {
    EXPECT_EQ(dialect_for("application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
                          "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
              Dialect::openmetrics);
    EXPECT_EQ(dialect_for("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                          "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;"
                          "version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;"
                          "q=0.3,*/*;q=0.2"),
              Dialect::openmetrics);
    EXPECT_EQ(dialect_for("text/plain;version=0.0.4;q=1,*/*;q=0.1"), Dialect::prometheus);
}

TEST(Negotiation, TextUnlessAsked) {
    for (const auto* accept :
         {"", "*/*", "text/html,application/xhtml+xml", "application/openmetrics-text;q=0",
          "application/openmetrics-text;version=2.0.0", "application/openmetrics-text;q=x",
          "application/openmetrics-text;q=0.4,text/plain;q=0.5", ",,;;=,q=", ";", "a;b;c;q",
          "application/openmetrics-text;q=1.5", "application/openmetrics-text;q=0.1234"})
        EXPECT_EQ(dialect_for(accept), Dialect::prometheus) << accept;
    EXPECT_EQ(dialect_for(" Application/OpenMetrics-Text ; Q=0.5 , text/plain;q=0.5"),
              Dialect::openmetrics);
}

TEST(Negotiation, Gzip) {
    for (const auto* yes : {"gzip", "deflate, gzip;q=1.0", "*", "x-gzip", "br;q=1.0, GZIP;q=0.001"})
        EXPECT_TRUE(takes_gzip(yes)) << yes;
    for (const auto* no :
         {"", "identity", "gzip;q=0", "gzip;q=0.000", "*;q=0", "*, gzip;q=0", "deflate", "gzipped"})
        EXPECT_FALSE(takes_gzip(no)) << no;
}

TEST(Compress, ComesBack) {
    std::string text;
    for (int i = 0; i < 20000; ++i)
        text += "netatop_unit_receive_bytes_total{unit=\"" + std::to_string(i) + ".service\"} 1\n";
    for (const auto& original : {text, std::string(), std::string(1, 'x')}) {
        const auto small = gzipped(original);
        ASSERT_TRUE(small);
        z_stream stream{};
        ASSERT_EQ(::inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
        std::string from = *small;
        std::string back(original.size() + 1, '\0');
        stream.next_in = reinterpret_cast<Bytef*>(from.data());
        stream.avail_in = static_cast<uInt>(from.size());
        stream.next_out = reinterpret_cast<Bytef*>(back.data());
        stream.avail_out = static_cast<uInt>(back.size());
        EXPECT_EQ(::inflate(&stream, Z_FINISH), Z_STREAM_END);
        back.resize(stream.total_out);
        ::inflateEnd(&stream);
        EXPECT_EQ(back, original);
    }
    EXPECT_LT(gzipped(text)->size(), text.size() / 5);
}

} // namespace netatop::test
