// SPDX-License-Identifier: GPL-2.0-only
#include "lib/ring.h"

#include <array>
#include <linux/io_uring.h>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "lib/wait.h"

namespace guest {

Ring::Ring(Mode mode) : mode_(mode) {
    io_uring_params params{};
    if (mode == Mode::poller) {
        params.flags = IORING_SETUP_SQPOLL;
        params.sq_thread_idle = 100;
    }
    fd_ = Fd(static_cast<int>(check(::syscall(SYS_io_uring_setup, 8, &params), "io_uring_setup")));
    submissions_ =
        map(params.sq_off.array + params.sq_entries * sizeof(std::uint32_t), IORING_OFF_SQ_RING);
    completions_ =
        map(params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe), IORING_OFF_CQ_RING);
    entries_ = map(params.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES);
    sq_tail_ = submissions_.at(params.sq_off.tail);
    sq_array_ = submissions_.at(params.sq_off.array);
    sq_flags_ = submissions_.at(params.sq_off.flags);
    sq_mask_ = *submissions_.at(params.sq_off.ring_mask);
    cq_head_ = completions_.at(params.cq_off.head);
    cq_tail_ = completions_.at(params.cq_off.tail);
    cq_mask_ = *completions_.at(params.cq_off.ring_mask);
    cqes_ = params.cq_off.cqes;
}

Ring::~Ring() {
    for (const auto& mapping : {submissions_, completions_, entries_})
        ::munmap(mapping.base, mapping.size);
}

Ring::Mapping Ring::map(std::size_t size, std::uint64_t what) const {
    void* base = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_.get(),
                        static_cast<off_t>(what));
    if (base == MAP_FAILED)
        fail("map a ring");
    return {static_cast<char*>(base), size};
}

void Ring::enter(unsigned submitted) {
    unsigned flags = 0;
    if (mode_ == Mode::poller) {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (!(__atomic_load_n(sq_flags_, __ATOMIC_ACQUIRE) & IORING_SQ_NEED_WAKEUP))
            return;
        flags = IORING_ENTER_SQ_WAKEUP;
    }
    check(::syscall(SYS_io_uring_enter, fd_.get(), submitted, 0, flags, nullptr, 0),
          "io_uring_enter");
}

void Ring::send(const Fd& socket, std::size_t size) {
    static const std::array<char, 2048> data{};
    const auto tail = *sq_tail_;
    auto& entry = entries_.at<io_uring_sqe>(0)[tail & sq_mask_];
    entry = {};
    entry.opcode = IORING_OP_SEND;
    entry.flags = mode_ == Mode::worker ? IOSQE_ASYNC : 0;
    entry.fd = socket.get();
    entry.addr = reinterpret_cast<std::uint64_t>(data.data());
    entry.len = static_cast<std::uint32_t>(size);
    sq_array_[tail & sq_mask_] = tail & sq_mask_;
    __atomic_store_n(sq_tail_, tail + 1, __ATOMIC_RELEASE);
    enter(1);

    const auto head = *cq_head_;
    if (!eventually([&] { return __atomic_load_n(cq_tail_, __ATOMIC_ACQUIRE) != head; }))
        throw std::runtime_error("no completion of a send");
    const auto result = completions_.at<io_uring_cqe>(cqes_)[head & cq_mask_].res;
    __atomic_store_n(cq_head_, head + 1, __ATOMIC_RELEASE);
    if (result != static_cast<int>(size))
        fail("send by io_uring", -result);
}

} // namespace guest
