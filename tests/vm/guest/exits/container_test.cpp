// SPDX-License-Identifier: GPL-2.0-only
// Readers of exit records in a container (a PID namespace of its own, the capabilities of the
// host): nobody outside waits for them, and they leave room for the host's.
#include "lib/guest_test.h"

#include <csignal>
#include <optional>
#include <sched.h>
#include <sys/wait.h>
#include <vector>

#include "exits/ends.h"

using namespace guest;

namespace {

constexpr milliseconds at_once{500};
constexpr milliseconds to_settle{300}; // until a reader surely waits
constexpr int host_backlog = 100;      // more than the module looks at in one go
constexpr int readers_at_a_time = 64;

enum class Ask : char { to_end, record, next_record, empty_exit };

// The first process of the container, which has one reader.
void serve(Channel& test) {
    Helper reader(nullptr, take_on_demand);
    test.signal();
    for (unsigned datagrams = 1;;) {
        switch (test.receive<Ask>()) {
        case Ask::to_end:
            end_a_process(datagrams++);
            test.signal();
            break;
        case Ask::next_record:
            reader.signal();
            [[fallthrough]];
        case Ask::record:
            test.send(taken(reader));
            break;
        case Ask::empty_exit:
            test.send(Ctl().call(NETATOP_EMPTY_EXIT));
            break;
        }
    }
}

// Runs body as the first process of a PID namespace of its own.
Helper contained(const Helper::Body& body) {
    return {nullptr, [&](Channel& test) {
                check(::unshare(CLONE_NEWPID), "unshare PID namespace");
                const Helper first(nullptr, [&](Channel&) { body(test); });
                ::pause();
            }};
}

class Container : public GuestTest {
protected:
    void SetUp() override {
        GuestTest::SetUp();
        standard_pair(); // a container has no /proc of its own to make it by
        ExitReader().drain();
    }
    void TearDown() override {
        ExitReader().drain();
        GuestTest::TearDown();
    }
    void expect_at_once(const std::string& when) const {
        const auto start = Clock::now();
        compare("EMPTY_EXIT, " + when, 0, ctl.call(NETATOP_EMPTY_EXIT));
        const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
        EXPECT_LE(took.count(), at_once.count()) << when;
    }
};

template <class T>
T ask(Helper& container, Ask what) {
    container.send(what);
    return container.receive<T>();
}

} // namespace

TEST_F(Container, NobodyOutsideWaitsForItsReader) {
    auto container = contained(serve);
    container.wait();
    std::this_thread::sleep_for(to_settle);
    end_a_process();
    expect_at_once("a record that the container's reader cannot name");
    ask<char>(container, Ask::to_end);
    compare("datagrams", 1ULL, ask<unsigned long long>(container, Ask::record));
    expect_at_once("the container's reader has a record and does not come back");
    ExitReader reader;
    reader.drain();
    expect_at_once("with a reader of the host");
}

TEST_F(Container, ItsOwnCallersWaitForItOnce) {
    auto container = contained(serve);
    container.wait();
    ask<char>(container, Ask::to_end);
    compare("datagrams", 1ULL, ask<unsigned long long>(container, Ask::record));
    compare("EMPTY_EXIT inside", ETIMEDOUT, ask<int>(container, Ask::empty_exit));
    compare("EMPTY_EXIT inside, again", 0, ask<int>(container, Ask::empty_exit));
}

TEST_F(Container, ItsCallersWaitForTheReaderOfTheHost) {
    Helper reader(nullptr, take_on_demand);
    auto container = contained([](Channel& test) {
        end_a_process(3);
        test.signal();
        test.wait();
        test.send(Ctl().call(NETATOP_EMPTY_EXIT));
    });
    container.wait();
    compare("datagrams", 3ULL, taken(reader));
    container.signal();
    compare("EMPTY_EXIT inside", ETIMEDOUT, container.receive<int>());
}

TEST_F(Container, ItsReaderFindsWhatItCanNameInOrder) {
    for (int i = 0; i < host_backlog; i++)
        end_a_process();
    auto container = contained(serve);
    container.wait();
    for (int i = 0; i < 2; i++)
        ask<char>(container, Ask::to_end);
    compare("first", 1ULL, ask<unsigned long long>(container, Ask::record));
    compare("second", 2ULL, ask<unsigned long long>(container, Ask::next_record));
    EXPECT_GE(module::Status::read().number("#taskexit"), unsigned{host_backlog});
}

TEST_F(Container, TooManyReadersLeaveRoomForTheHost) {
    auto container = contained([](Channel& test) {
        std::vector<Helper> readers;
        for (int i = 0; i < readers_at_a_time; i++)
            readers.emplace_back(nullptr, take_on_demand);
        std::this_thread::sleep_for(4 * to_settle);
        Helper refused(nullptr, [](Channel& inside) {
            netpertask record{};
            socklen_t size = sizeof(record);
            inside.send(Ctl().call(NETATOP_GETCNT_EXIT, &record, &size));
        });
        test.send(refused.receive<int>());
        test.wait();
    });
    compare("one reader more", EBUSY, container.receive<int>());
    end_a_process();
    ExitReader reader;
    EXPECT_GE(reader.drain().size(), 1U);
}
