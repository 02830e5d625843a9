// SPDX-License-Identifier: GPL-2.0-only
// EMPTY_EXIT: waits for the readers of exit records as long as they work, and never much longer
// than a second.
#include "lib/guest_test.h"

#include <csignal>

#include "exits/ends.h"
#include "lib/command.h"

using namespace guest;

namespace {

constexpr milliseconds at_once{500};
constexpr milliseconds at_most{1600}; // a second, on a slow machine

class EmptyExit : public GuestTest {
protected:
    static std::uint64_t queued() { return module::Status::read().number("#taskexit"); }
    static std::uint64_t timeouts() {
        return module::Status::read().number("exits unread timeouts");
    }
    // Calls it and compares its result and its time.
    void expect_result(int expected, milliseconds limit) const {
        const auto start = Clock::now();
        compare("EMPTY_EXIT", expected, ctl.call(NETATOP_EMPTY_EXIT));
        const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
        std::cout << scenario() << ": time: expected at most " << limit.count() << " ms, got "
                  << took.count() << " ms" << std::endl;
        EXPECT_LE(took.count(), limit.count());
    }
};

// Is the process blocked in the kernel?
bool sleeping(pid_t pid) {
    const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    return stat[stat.rfind(')') + 2] == 'S';
}

} // namespace

TEST_F(EmptyExit, ReturnsAtOnceWhenNothingIsThere) {
    ExitReader reader;
    reader.drain();
    expect_result(0, at_once);
}

TEST_F(EmptyExit, ReturnsAtOnceWithoutReader) {
    ExitReader().drain();
    end_a_process();
    ASSERT_GE(queued(), 1U);
    expect_result(0, at_once);
    ExitReader().drain();
}

TEST_F(EmptyExit, WaitsUntilTheReaderComesBack) {
    ExitReader().drain();
    Helper reader(nullptr, take_on_demand);
    end_a_process();
    taken(reader);
    compare("records", std::uint64_t{0}, queued());
    Helper waiting(nullptr, [](Channel& test) {
        const Ctl client;
        test.signal();
        test.send(client.call(NETATOP_EMPTY_EXIT));
    });
    waiting.wait();
    EXPECT_FALSE(
        eventually([&] { return waiting.channel().ready(sizeof(int)); }, milliseconds(300)))
        << "it does not wait for the reader";
    reader.signal();
    compare("EMPTY_EXIT", 0, waiting.receive<int>());
}

TEST_F(EmptyExit, GivesUpOnAStoppedReader) {
    ExitReader().drain();
    Helper reader(nullptr, take_on_demand);
    end_a_process();
    taken(reader);
    reader.kill(SIGSTOP);
    const auto before = timeouts();
    expect_result(ETIMEDOUT, at_most);
    compare("timeouts counted", before + 1, timeouts());
    reader.kill(SIGCONT);
}

TEST_F(EmptyExit, WaitsOnceForAReaderThatSleeps) {
    ExitReader().drain();
    Helper sleeper(nullptr, take_on_demand);
    end_a_process();
    taken(sleeper);
    ExitReader reader;
    end_a_process();
    expect_result(ETIMEDOUT, at_most);
    for (int i = 0; i < 3; i++)
        expect_result(0, at_once);
    sleeper.signal(); // it comes back and takes part again
    end_a_process();
    reader.drain();
}

TEST_F(EmptyExit, DoesNotWaitForAReaderThatDies) {
    ExitReader().drain();
    {
        Helper reader(nullptr, take_on_demand);
        end_a_process();
        taken(reader);
    }
    expect_result(0, at_once);
}

TEST_F(EmptyExit, NoticesAReaderThatDiesMeanwhile) {
    ExitReader().drain();
    std::optional<Helper> reader(std::in_place, nullptr, take_on_demand);
    end_a_process();
    taken(*reader);
    Helper waiting(nullptr, [](Channel& test) {
        const Ctl client;
        test.signal();
        test.send(client.call(NETATOP_EMPTY_EXIT));
    });
    waiting.wait();
    ASSERT_TRUE(eventually([&] { return sleeping(waiting.pid()); }));
    reader.reset();
    compare("EMPTY_EXIT", 0, waiting.receive<int>());
}

TEST_F(EmptyExit, IsInterruptible) {
    ExitReader().drain();
    Helper reader(nullptr, take_on_demand);
    end_a_process();
    taken(reader);
    Helper waiting(nullptr, [](Channel& test) {
        struct sigaction action {};
        action.sa_handler = [](int) {};
        check(::sigaction(SIGUSR1, &action, nullptr), "sigaction");
        const Ctl client;
        test.signal();
        test.send(client.call(NETATOP_EMPTY_EXIT));
    });
    waiting.wait();
    eventually([&] {
        waiting.kill(SIGUSR1);
        return waiting.channel().ready(sizeof(int));
    });
    compare("EMPTY_EXIT", EINTR, waiting.receive<int>());
}
