// SPDX-License-Identifier: GPL-2.0-only
// io_uring by its system calls: sends datagrams on a connected socket, one request at a time.
#pragma once

#include <cstdint>

#include "lib/fd.h"

namespace guest {

class Ring {
public:
    enum class Mode {
        direct, // the submitting thread sends
        worker, // a worker thread of the process does
        poller, // a kernel-side thread of the process takes the requests (SQPOLL)
    };
    explicit Ring(Mode mode);
    ~Ring();
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    // Sends one datagram and waits for its completion.
    void send(const Fd& socket, std::size_t size);

private:
    struct Mapping {
        char* base = nullptr;
        std::size_t size = 0;
        template <class T = std::uint32_t>
        T* at(std::size_t offset) const {
            return reinterpret_cast<T*>(base + offset);
        }
    };
    Mapping map(std::size_t size, std::uint64_t what) const;
    void enter(unsigned submitted);

    Mode mode_;
    Fd fd_;
    Mapping submissions_;
    Mapping completions_;
    Mapping entries_;
    std::uint32_t* sq_tail_ = nullptr;
    std::uint32_t* sq_array_ = nullptr;
    std::uint32_t* sq_flags_ = nullptr;
    std::uint32_t sq_mask_ = 0;
    std::uint32_t* cq_head_ = nullptr;
    std::uint32_t* cq_tail_ = nullptr;
    std::uint32_t cq_mask_ = 0;
    std::size_t cqes_ = 0;
};

} // namespace guest
