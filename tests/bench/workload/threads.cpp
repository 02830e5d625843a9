// Sockets and threads: many threads that each have their own socket, and one socket that threads
// write to in turn.
#include "workload.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include <atomic>
#include <deque>
#include <thread>

namespace {

void ping(const Fd& socket, const Address& to) {
    const char message[MESSAGE] = {};

    if (::sendto(socket.get(), message, sizeof(message), 0, to.get(), to.length) != sizeof(message))
        fail("sendto");
}

class Semaphore {
public:
    Semaphore() { ::sem_init(&value_, 0, 0); }
    ~Semaphore() { ::sem_destroy(&value_); }
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    void post() { ::sem_post(&value_); }
    void wait() {
        while (::sem_wait(&value_) != 0) {
        }
    }

private:
    sem_t value_{};
};

// Each thread sends to a socket of its own and receives there. @pinned: each on its own processor.
class OwnSockets : public Workload {
public:
    OwnSockets(const Path& path, unsigned threads, bool pinned) {
        for (unsigned i = 0; i < threads; i++)
            members_.emplace_back(path);
        for (Member& member : members_)
            member.thread = std::thread([this, &member] { serve(member); });
        for (unsigned i = 0; pinned && i < threads; i++)
            pin(members_[i].thread, i);
    }

    ~OwnSockets() override {
        ended_ = true;
        for (Member& member : members_) {
            member.start.post();
            member.thread.join();
        }
    }

    void run(long operations) override {
        share_ = operations / static_cast<long>(members_.size());
        for (Member& member : members_)
            member.start.post();
        for (Member& member : members_)
            member.done.wait();
    }

private:
    struct Member {
        explicit Member(const Path& path)
            : from(bound_socket(path.client, SOCK_DGRAM)),
              to(bound_socket(path.server, SOCK_DGRAM)) {}

        Fd from;
        Fd to;
        Semaphore start;
        Semaphore done;
        std::thread thread;
    };

    void serve(Member& self) {
        const Address to = name_of(self.to);

        for (;;) {
            self.start.wait();
            if (ended_)
                return;
            for (long i = 0; i < share_; i++) {
                ping(self.from, to);
                receive_all(self.to, MESSAGE);
            }
            self.done.post();
        }
    }

    static void pin(std::thread& thread, unsigned cpu) {
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        if (::pthread_setaffinity_np(thread.native_handle(), sizeof(set), &set) != 0)
            fail("pthread_setaffinity_np");
    }

    std::deque<Member> members_;
    std::atomic<bool> ended_{false};
    std::atomic<long> share_{0};
};

// Threads take turns to send on one socket.
class InTurn : public Workload {
public:
    InTurn(const Path& path, unsigned threads)
        : from_(bound_socket(path.client, SOCK_DGRAM)), to_(bound_socket(path.server, SOCK_DGRAM)),
          address_(name_of(to_)), turns_(threads) {
        for (unsigned i = 0; i < threads; i++)
            threads_.emplace_back([this, i] { take_turns(i); });
    }

    ~InTurn() override {
        ended_ = true;
        for (Semaphore& turn : turns_)
            turn.post();
        for (std::thread& thread : threads_)
            thread.join();
    }

    void run(long operations) override {
        left_ = operations;
        turns_[0].post();
        done_.wait();
    }

private:
    void take_turns(unsigned self) {
        for (;;) {
            turns_[self].wait();
            if (ended_)
                return;
            ping(from_, address_);
            receive_all(to_, MESSAGE);
            if (--left_ == 0)
                done_.post();
            else
                turns_[(self + 1) % turns_.size()].post();
        }
    }

    Fd from_;
    Fd to_;
    Address address_;
    std::deque<Semaphore> turns_;
    Semaphore done_;
    std::atomic<bool> ended_{false};
    long left_ = 0;
    std::vector<std::thread> threads_;
};

} // namespace

std::vector<Recipe> thread_recipes(const Path& path) {
    return {
        {"udp-64-threads", 64, 192, 10,
         [path] { return std::make_unique<OwnSockets>(path, 64, false); }},
        {"udp-2-processors", 2000, 20000, 1,
         [path] { return std::make_unique<OwnSockets>(path, 2, true); }},
        {"udp-8-writers", 16, 160, 10, [path] { return std::make_unique<InTurn>(path, 8); }},
    };
}
