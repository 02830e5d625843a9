// SPDX-License-Identifier: GPL-2.0-only
// Any bytes as a log that a reader opens and that a daemon finds at its start.
// What the input holds of valid records is made valid here, since a fuzzer
// does not find zlib's checksums by itself.
#include "exit_log.h"
#include "log_reader.h"
#include "printer.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <vector>

namespace {

using namespace netatop;

void require(bool condition, const char* what) {
    if (condition)
        return;
    std::fprintf(stderr, "log_fuzz: %s\n", what);
    std::abort();
}

// A file in memory that goes away at the end.
struct Log {
    Log() { require(::mkdtemp(directory.data()) != nullptr, "no directory in /dev/shm"); }
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    ~Log() {
        ::unlink(path().c_str());
        ::rmdir(directory.c_str());
    }
    [[nodiscard]] std::string path() const { return directory + "/log"; }

    std::string directory = "/dev/shm/netatop-fuzz-XXXXXX";
};

// The input as a file: the bytes 0xfe and 0xff stand for a good header and for
// a good record of what follows, everything else stands for itself.
std::string build(const std::uint8_t* data, std::size_t size) {
    std::string file;
    for (std::size_t i = 0; i < size; ++i) {
        if (data[i] == 0xfe) {
            const Header header{header_magic, i + 1 < size ? data[++i] : 0U, sizeof(Header),
                                sizeof(LogRecord), 1};
            file.append(reinterpret_cast<const char*>(&header), sizeof header);
        } else if (data[i] == 0xff) {
            LogRecord plain{};
            const std::size_t part = std::min(sizeof plain, size - i - 1);
            std::memcpy(&plain, data + i + 1, part);
            i += part;
            const auto record = encode(plain);
            require(static_cast<bool>(record), "every record can be encoded");
            file.append(reinterpret_cast<const char*>(record->bytes.data()), record->size);
        } else {
            file.push_back(static_cast<char>(data[i]));
        }
    }
    return file;
}

void read_all(const std::string& path, std::size_t bytes) {
    auto reader = LogReader::open(path);
    if (!reader)
        return;
    std::size_t count = 0;
    for (;; ++count) {
        const auto record = reader->next();
        if (!record || !*record)
            break;
        const netpertask& task = (*record)->task;
        require(std::memchr(task.command, '\0', sizeof task.command) != nullptr, "name has an end");
        const Ended process = ended(**record, std::nullopt);
        for (const char byte :
             Printer({}).line(process) + Printer({Format::json, false, 0}).line(process))
            require(byte == '\n' || (byte >= 0x20 && byte < 0x7f), "only printable characters");
        require(count * 9 < bytes, "more records than fit into the file");
    }
}

void take_over(const std::string& path) {
    Files files;
    auto place = Place::find(path);
    require(static_cast<bool>(place), "the place can be found");
    ExitLog log(*std::move(place), 4711, files);
    require(static_cast<bool>(log.replace()), "the log can be replaced");
    const auto record = encode(LogRecord{});
    require(static_cast<bool>(log.append(*record)), "a record can be written");

    auto reader = LogReader::open(path);
    require(static_cast<bool>(reader) && reader->daemon() == 4711, "the new log is good");
    const auto read = reader->next();
    require(read && *read, "the record is there");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Log log;
    const std::string path = log.path();
    const std::string file = build(data, size);
    std::ofstream(path, std::ios::trunc | std::ios::binary) << file;
    read_all(path, file.size());
    take_over(path);
    return 0;
}
