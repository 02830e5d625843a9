// SPDX-License-Identifier: GPL-2.0-only
// A 32-bit caller gets the structure as its own ABI lays it out.
#include "lib/guest_test.h"

#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

// The 32-bit program, carried inside this one; empty where the compiler makes none.
extern "C" const char caller32_begin[];
extern "C" const char caller32_end[];
__asm__(".pushsection .rodata\n"
        ".global caller32_begin\ncaller32_begin:\n"
#ifdef CALLER32
        ".incbin \"" CALLER32 "\"\n"
#endif
        ".global caller32_end\ncaller32_end:\n"
        ".popsection\n");

using namespace guest;

namespace {

struct Order {
    int command; // becomes the result
    std::uint32_t size;
    unsigned char buffer[128];
};

// struct netpertask of i386: 4-byte longs, 8-byte counters aligned to 4.
struct [[gnu::packed]] NetPerTask32 {
    std::int32_t id;
    std::uint32_t btime;
    char command[16];
    std::uint64_t counters[8];
};
static_assert(sizeof(NetPerTask32) == 88);

class Caller32 : public GuestTest {
protected:
    Caller32() {
        int ends[2];
        check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
        ours_ = Fd(ends[0]);
        const Fd theirs(ends[1]);
        const Fd program(check(::memfd_create("caller32", MFD_CLOEXEC), "memfd"));
        check(::write(program.get(), caller32_begin, caller32_end - caller32_begin), "write");
        pid_ = check(::fork(), "fork");
        if (pid_ == 0) {
            ::dup2(theirs.get(), STDIN_FILENO);
            ::dup2(theirs.get(), STDOUT_FILENO);
            char* const argv[] = {const_cast<char*>("caller32"), nullptr};
            ::fexecve(program.get(), argv, environ);
            ::_exit(127);
        }
    }
    ~Caller32() override {
        ours_.close();
        ::waitpid(pid_, nullptr, 0);
    }

    // False when this kernel runs no 32-bit programs.
    bool exchange(Order& order) {
        if (::send(ours_.get(), &order, sizeof(order), MSG_NOSIGNAL) != sizeof(order))
            return false;
        return ::recv(ours_.get(), &order, sizeof(order), MSG_WAITALL) == sizeof(order);
    }

private:
    Fd ours_;
    pid_t pid_ = -1;
};

} // namespace

TEST_F(Caller32, GetsItsOwnLayout) {
    const auto& pair = standard_pair();
    UdpParties parties(pair.a.ns, pair.b.ns, pair.b.at(Family::v4));
    parties.send(77, 9);
    const pid_t sender = parties.sender.pid();

    Order probe{NETATOP_PROBE, 0, {}};
    if (!exchange(probe))
        GTEST_SKIP() << "this kernel runs no 32-bit programs";
    compare("PROBE", 0, probe.command);

    Order order{NETATOP_GETCNT_TGID, sizeof(order.buffer), {}};
    std::memset(order.buffer, 0xa5, sizeof(order.buffer));
    std::memcpy(order.buffer, &sender, sizeof(sender));
    ASSERT_TRUE(exchange(order));
    compare("result", 0, order.command);
    compare("length", sizeof(NetPerTask32), std::size_t{order.size});
    compare("first byte beyond", 0xa5U, unsigned{order.buffer[sizeof(NetPerTask32)]});

    NetPerTask32 task;
    std::memcpy(&task, order.buffer, sizeof(task));
    const auto native = ctl.process(sender);
    ASSERT_TRUE(native);
    compare("id", sender, std::int32_t{task.id});
    compare("start time", native->btime, static_cast<unsigned long>(task.btime));
    compare("name", std::string(native->command), std::string(task.command));
    const auto expected = datagrams(Family::v4, 9, 77);
    compare("datagrams sent", expected, Flow{task.counters[4], task.counters[5]});
    compare("datagrams received", Flow{}, Flow{task.counters[6], task.counters[7]});

    Order short_one{NETATOP_GETCNT_TGID, 3, {}};
    ASSERT_TRUE(exchange(short_one));
    compare("length 3", -EINVAL, short_one.command);
}
