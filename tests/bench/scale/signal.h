#pragma once

#include "../workload/socket.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <new>

// Has the threads of several processes do something at once.
class Signal {
public:
    Signal() {
        void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            fail("mmap");
        shared_ = new (memory) Shared;
    }
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;
    ~Signal() { ::munmap(shared_, sizeof(Shared)); }

    // For the threads: wait for the next give() after @round, and say when what it asks for is
    // done.
    int wait(int round) {
        while (shared_->round == round)
            ::syscall(SYS_futex, &shared_->round, FUTEX_WAIT, round, nullptr, nullptr, 0);
        return round + 1;
    }
    void done() { shared_->done++; }

    // Returns when all threads, so many, are done.
    void give(size_t threads) {
        shared_->done = 0;
        shared_->round++;
        ::syscall(SYS_futex, &shared_->round, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
        while (shared_->done < threads)
            ::usleep(100000);
    }

private:
    struct Shared {
        std::atomic<int> round{0};
        std::atomic<size_t> done{0};
    };
    Shared* shared_;
};
