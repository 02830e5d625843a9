// SPDX-License-Identifier: GPL-2.0-only
// Every getsockopt command, and every error of it.
#include "lib/guest_test.h"

#include <array>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "lib/command.h"

using namespace guest;

namespace {

constexpr std::array<int, 7> commands = {
    NETATOP_PROBE,       NETATOP_FORCE_GC,   NETATOP_EMPTY_EXIT,      NETATOP_GETCNT_EXIT,
    NETATOP_GETCNT_TGID, NETATOP_GETCNT_PID, NETATOP_GETCNT_EXIT_LONG};
constexpr unsigned char untouched = 0xa5;

// A process with known counters to ask for: 7 datagrams of 11 bytes sent.
class Command : public GuestTest {
protected:
    Command() : parties_(pair_.a.ns, pair_.b.ns, pair_.b.at(Family::v4)) {}
    void SetUp() override {
        GuestTest::SetUp();
        parties_.send(11, 7);
    }
    pid_t sender() const { return parties_.sender.pid(); }
    static Counters sent() { return udp_out(datagrams(Family::v4, 7, 11)); }

    int query(void* value, socklen_t size) const {
        return ctl.call(NETATOP_GETCNT_TGID, value, &size);
    }

    Pair& pair_ = standard_pair();
    UdpParties parties_;
};

// The structure with room around it, all bytes marked.
struct Marked {
    std::array<unsigned char, 256> bytes;
    explicit Marked(pid_t id) {
        bytes.fill(untouched);
        std::memcpy(bytes.data(), &id, sizeof(id));
    }
    std::size_t written_end() const {
        std::size_t end = bytes.size();
        while (end > 0 && bytes[end - 1] == untouched)
            end--;
        return end;
    }
};

void expect_all_commands(const Ctl& ctl, int expected) {
    for (const int command : commands) {
        netpertask task{};
        task.id = ::getpid();
        socklen_t size = sizeof(task);
        if (const int got = ctl.call(command, &task, &size); got != expected)
            fail("command " + std::to_string(command) + " returns the wrong error", got);
    }
}

Ctl unprivileged_client(Family family = Family::v4) {
    return Ctl(Fd(check(::socket(domain(family), SOCK_DGRAM, 0), "socket")));
}

} // namespace

TEST_F(Command, ProbeAnswers) {
    compare("PROBE", 0, ctl.call(NETATOP_PROBE));
}

TEST_F(Command, NothingAnswersWithoutModule) {
    ASSERT_EQ(module::unload(), 0);
    for (const int command : commands)
        compare("command " + std::to_string(command), ENOPROTOOPT, ctl.call(command));
    module::require();
}

TEST_F(Command, CollectionAnswers) {
    compare("FORCE_GC", 0, ctl.force_gc());
    compare("EMPTY_EXIT", 0, ctl.call(NETATOP_EMPTY_EXIT));
}

TEST_F(Command, ProcessAndThread) {
    const auto process = ctl.process(sender());
    const auto thread = ctl.thread(sender());
    ASSERT_TRUE(process && thread);
    compare("id of the process", sender(), process->id);
    compare("id of the thread", sender(), thread->id);
    compare("counters of the process", sent(), counters_of(*process));
    compare("counters of the thread", sent(), counters_of(*thread));
    const auto comm = read_file("/proc/" + std::to_string(sender()) + "/comm");
    compare("name", comm.substr(0, comm.size() - 1), std::string(process->command));
}

TEST_F(Command, StartTimeIsThatOfTheProcess) {
    const auto stat = read_file("/proc/" + std::to_string(sender()) + "/stat");
    std::istringstream fields(stat.substr(stat.rfind(')') + 2));
    std::string field;
    for (int i = 3; i <= 22; i++)
        fields >> field;
    const auto boot = read_file("/proc/stat");
    const auto btime = std::stoul(boot.substr(boot.find("btime ") + 6));
    const auto expected = btime + std::stoul(field) / ::sysconf(_SC_CLK_TCK);
    const auto task = ctl.process(sender());
    ASSERT_TRUE(task);
    // Both are cut to whole seconds, at different places.
    std::cout << scenario() << ": start time: expected " << expected << " or one more, got "
              << task->btime << std::endl;
    EXPECT_TRUE(task->btime == expected || task->btime == expected + 1);
}

TEST_F(Command, LengthIsCheckedAndSet) {
    for (const socklen_t size : {0, 1, 3}) {
        Marked room(sender());
        compare("length " + std::to_string(size), EINVAL, query(room.bytes.data(), size));
    }
    for (const socklen_t size : {4, 5, 16, 50, 95, 96, 97, 200}) {
        Marked room(sender());
        socklen_t length = size;
        const auto what = "length " + std::to_string(size);
        compare(what, 0, ctl.call(NETATOP_GETCNT_TGID, room.bytes.data(), &length));
        const auto expected = std::min<std::size_t>(size, sizeof(netpertask));
        compare(what + ", set to", expected, std::size_t{length});
        EXPECT_LE(room.written_end(), expected) << "bytes beyond the end were written";
    }
    Marked room(sender());
    compare("negative length", EINVAL, query(room.bytes.data(), static_cast<socklen_t>(-5)));
}

TEST_F(Command, NoByteOfTheKernelLeaksOut) {
    for (const int command : {NETATOP_GETCNT_TGID, NETATOP_GETCNT_PID}) {
        Marked room(sender());
        socklen_t size = sizeof(netpertask);
        ASSERT_EQ(ctl.call(command, room.bytes.data(), &size), 0);
        netpertask task;
        std::memcpy(static_cast<void*>(&task), room.bytes.data(), sizeof(task));
        for (std::size_t at = sizeof(pid_t); at < offsetof(netpertask, btime); at++)
            compare("hole, byte " + std::to_string(at), 0U, unsigned{room.bytes[at]});
        for (std::size_t at = std::strlen(task.command); at < sizeof(task.command); at++)
            EXPECT_EQ(task.command[at], '\0') << "rest of the name, byte " << at;
        compare("counters", sent(), counters_of(task));
    }
}

TEST_F(Command, BadBuffersAreRefused) {
    compare("NULL buffer", EFAULT, query(nullptr, sizeof(netpertask)));
    const std::size_t page = ::sysconf(_SC_PAGESIZE);
    auto* pages = static_cast<char*>(
        ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ::munmap(pages + page, page);
    compare("unmapped buffer", EFAULT, query(pages + page, sizeof(netpertask)));
    const pid_t id = sender();
    std::memcpy(pages + page - 8, &id, sizeof(id));
    compare("half-mapped buffer", EFAULT, query(pages + page - 8, sizeof(netpertask)));
    std::memcpy(pages, &id, sizeof(id));
    ::mprotect(pages, page, PROT_READ);
    compare("read-only buffer", EFAULT, query(pages, sizeof(netpertask)));
    ::munmap(pages, page);
    netpertask task{};
    compare("NULL length", EFAULT, ctl.call(NETATOP_GETCNT_TGID, &task, nullptr));
    compare("counters afterwards", sent(), ctl.process_counters(sender()));
}

TEST_F(Command, UnknownNumbersAreRefused) {
    // Numbers beside ours belong to nobody; a handler may also claim a wider range and say EINVAL.
    for (const int command : {NETATOP_PROBE - 1, NETATOP_GETCNT_EXIT_LONG + 1}) {
        const int error = ctl.call(command);
        EXPECT_TRUE(error == EINVAL || error == ENOPROTOOPT) << command << ": " << error;
    }
    const Fd socket(check(::socket(AF_INET, SOCK_DGRAM, 0), "socket"));
    int value = 0;
    for (const int command : commands)
        EXPECT_EQ(::setsockopt(socket.get(), SOL_IP, command, &value, sizeof(value)), -1);
}

TEST_F(Command, UnknownIdsHaveNoCounters) {
    Helper silent(nullptr, [](Channel& test) { test.wait(); });
    for (const pid_t id : {silent.pid(), 0, -1, 0x7fffffff, static_cast<int>(0x80000000)})
        for (const int command : {NETATOP_GETCNT_TGID, NETATOP_GETCNT_PID}) {
            netpertask task{};
            task.id = id;
            socklen_t size = sizeof(task);
            compare("command " + std::to_string(command) + ", id " + std::to_string(id), ESRCH,
                    ctl.call(command, &task, &size));
        }
}

TEST_F(Command, NobodyIsRefused) {
    Helper nobody(nullptr, [](Channel&) {
        check(::setresuid(65534, 65534, 65534), "setresuid");
        expect_all_commands(unprivileged_client(), EPERM);
    });
    EXPECT_NO_THROW(nobody.join());
}

TEST_F(Command, RootOfAUserNamespaceIsRefused) {
    Helper contained(nullptr, [](Channel&) {
        check(::unshare(CLONE_NEWUSER | CLONE_NEWNET), "unshare user namespace");
        write_file("/proc/self/uid_map", "0 0 1");
        expect_all_commands(unprivileged_client(), EPERM);
        expect_all_commands(Ctl(), EPERM);
    });
    EXPECT_NO_THROW(contained.join());
}

TEST_F(Command, OtherSocketsReachTheModule) {
    for (const Family family : {Family::v4, Family::v6}) {
        const Ctl client = unprivileged_client(family);
        compare(std::string("counters by a UDP socket of ") + name(family), sent(),
                client.process_counters(sender()));
    }
}

TEST_F(Command, AnotherNetworkNamespaceMayAsk) {
    Helper elsewhere(pair_.b.ns, [&](Channel& test) {
        const Ctl client;
        test.send(client.process_counters(sender()));
    });
    compare("counters", sent(), elsewhere.receive<Counters>());
}

TEST_F(Command, WaitForARecordIsInterruptible) {
    ExitReader().drain();
    Helper waiting(nullptr, [](Channel& test) {
        struct sigaction action {};
        action.sa_handler = [](int) {};
        check(::sigaction(SIGUSR1, &action, nullptr), "sigaction");
        const Ctl client;
        netpertask record{};
        socklen_t size = sizeof(record);
        test.signal();
        test.send(client.call(NETATOP_GETCNT_EXIT, &record, &size));
    });
    waiting.wait();
    // The signal may come before the wait begins: repeat until there is an answer.
    eventually([&] {
        waiting.kill(SIGUSR1);
        return waiting.channel().ready(sizeof(int));
    });
    compare("GETCNT_EXIT", EINTR, waiting.receive<int>());
}

TEST_F(Command, WaitingReaderKeepsTheModule) {
    ExitReader reader;
    reader.drain();
    const int error = module::unload();
    EXPECT_TRUE(error == EWOULDBLOCK || error == EBUSY) << "unload: " << error;
    ASSERT_TRUE(module::loaded());
    compare("PROBE", 0, ctl.call(NETATOP_PROBE));
}
