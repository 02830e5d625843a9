// SPDX-License-Identifier: GPL-2.0-only
// Against a real set, in an IPC namespace of the tests' own.
#include "semaphores.h"

#include "support.h"

#include <sys/sem.h>

#include <array>
#include <csignal>

namespace netatop::test {

namespace {

int set_id() {
    return ::semget(key, 0, 0);
}

void put(int number, int value) {
    ASSERT_EQ(::semctl(set_id(), number, SETVAL, value), 0);
}

class SemaphoresTest : public ::testing::Test {
protected:
    SemaphoresTest() { remove(); }
    ~SemaphoresTest() override { remove(); }
    static void remove() {
        if (set_id() >= 0)
            ::semctl(set_id(), 0, IPC_RMID);
    }
};

// A daemon that lives until it is killed.
pid_t start_daemon() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const pid_t child = start([&] {
        const auto set = Semaphores::claim();
        const char result = set ? 'y' : 'n';
        if (::write(ends[1], &result, 1) != 1)
            return 1;
        ::pause();
        return 0;
    });
    char result = 0;
    EXPECT_EQ(::read(ends[0], &result, 1), 1);
    EXPECT_EQ(result, 'y');
    ::close(ends[0]);
    ::close(ends[1]);
    return child;
}

} // namespace

TEST_F(SemaphoresTest, FirstDaemonMakesTheSet) {
    const auto set = Semaphores::claim();
    ASSERT_TRUE(set) << set.error().text;
    semid_ds state{};
    ASSERT_EQ(::semctl(set_id(), 0, IPC_STAT, &state), 0);
    EXPECT_EQ(state.sem_nsems, 2U);
    EXPECT_EQ(state.sem_perm.mode & 0777, 0600);
    EXPECT_EQ(semaphore(0), 1);
    EXPECT_EQ(semaphore(1), 100);
}

TEST_F(SemaphoresTest, SetStaysAfterTheDaemon) {
    const auto set = Semaphores::claim();
    ASSERT_TRUE(set);
    const int id = set_id();
    set->release();
    EXPECT_EQ(semaphore(0), 0);
    EXPECT_EQ(semaphore(1), 100);
    ASSERT_TRUE(Semaphores::claim());
    EXPECT_EQ(set_id(), id) << "a running atop remembers the id";
    EXPECT_EQ(semaphore(0), 1);
    set->release();
}

TEST_F(SemaphoresTest, KilledDaemonIsTakenBack) {
    const pid_t daemon = start_daemon();
    EXPECT_EQ(semaphore(0), 1);
    ::kill(daemon, SIGKILL);
    EXPECT_EQ(finish(daemon), -SIGKILL);
    EXPECT_EQ(semaphore(0), 0);
    EXPECT_EQ(semaphore(1), 100);
}

TEST_F(SemaphoresTest, SecondDaemonSaysWhoRuns) {
    const pid_t daemon = start_daemon();
    const auto second = Semaphores::claim();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().cause, Cause::running);
    EXPECT_NE(second.error().text.find(std::to_string(daemon)), std::string::npos)
        << second.error().text;
    EXPECT_EQ(semaphore(0), 1);
    ::kill(daemon, SIGKILL);
    finish(daemon);
}

TEST_F(SemaphoresTest, OfManyAtOnceOneGetsThrough) {
    for (int round = 0; round < 20; ++round) {
        if (round % 2 == 0)
            remove(); // with and without a set to begin with
        std::array<int, 2> gate{};
        std::array<int, 2> hold{};
        ASSERT_EQ(::pipe(gate.data()), 0);
        ASSERT_EQ(::pipe(hold.data()), 0);
        std::vector<pid_t> children;
        for (int i = 0; i < 8; ++i)
            children.push_back(start([&] {
                ::close(gate[1]);
                ::close(hold[1]);
                char byte = 0;
                (void)!::read(gate[0], &byte, 1); // until the gate opens
                const auto set = Semaphores::claim();
                if (!set)
                    return set.error().cause == Cause::running ? 1 : 2;
                (void)!::read(hold[0], &byte, 1); // until all have tried
                return 0;
            }));
        ::close(gate[1]);
        int losers = 0;
        for (int i = 0; i < 7; ++i) {
            int status = 0;
            ASSERT_GT(::wait(&status), 0);
            EXPECT_EQ(WEXITSTATUS(status), 1);
            ++losers;
        }
        EXPECT_EQ(losers, 7);
        EXPECT_EQ(semaphore(0), 1);
        EXPECT_EQ(semaphore(1), 100);
        ::close(hold[1]);
        int status = 0;
        ASSERT_GT(::wait(&status), 0);
        EXPECT_EQ(WEXITSTATUS(status), 0);
        EXPECT_EQ(semaphore(0), 0);
        ::close(gate[0]);
        ::close(hold[0]);
    }
}

// As left by a daemon that died between making the set and counting itself.
TEST_F(SemaphoresTest, UnfinishedSetIsFinished) {
    ASSERT_GE(::semget(key, 2, IPC_CREAT | 0600), 0);
    const auto set = Semaphores::claim();
    ASSERT_TRUE(set);
    EXPECT_EQ(semaphore(0), 1);
    EXPECT_EQ(semaphore(1), 100);
    set->release();
}

TEST_F(SemaphoresTest, CountsOfTheDeadAreRepaired) {
    ASSERT_TRUE(Semaphores::claim());
    const pid_t dead = start([] {
        ::semctl(set_id(), 0, SETVAL, 3);
        return 0;
    });
    EXPECT_EQ(finish(dead), 0);
    put(1, 104);
    const auto set = Semaphores::claim();
    ASSERT_TRUE(set) << set.error().text;
    EXPECT_EQ(semaphore(0), 1);
    EXPECT_EQ(semaphore(1), 100);
    set->release();
}

TEST_F(SemaphoresTest, ClientsAreKeptOverARestart) {
    const auto first = Semaphores::claim();
    ASSERT_TRUE(first);
    ASSERT_TRUE(first->join());
    first->release();
    const auto second = Semaphores::claim();
    ASSERT_TRUE(second);
    EXPECT_EQ(*second->clients(), 1);
    second->leave();
    EXPECT_EQ(*second->clients(), 0);
    second->release();
}

TEST_F(SemaphoresTest, KilledClientIsTakenBack) {
    const auto set = Semaphores::claim();
    ASSERT_TRUE(set);
    std::vector<pid_t> clients;
    for (int i = 0; i < 10; ++i)
        clients.push_back(start([] {
            if (!Semaphores::find()->join())
                return 1;
            ::pause();
            return 0;
        }));
    EXPECT_TRUE(eventually([&] { return *set->clients() == 10; }));
    for (int i = 0; i < 10; ++i) {
        ::kill(clients[i], i % 2 == 0 ? SIGKILL : SIGTERM);
        finish(clients[i]);
        EXPECT_EQ(*set->clients(), 9 - i);
    }
    set->release();
}

TEST_F(SemaphoresTest, PlantedSetIsRefused) {
    NEEDS_ROOT();
    const pid_t planter = start([] {
        if (::setuid(12345) != 0)
            return 1;
        return ::semget(key, 2, IPC_CREAT | 0666) >= 0 ? 0 : 2;
    });
    ASSERT_EQ(finish(planter), 0);
    const auto set = Semaphores::claim();
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error().cause, Cause::semaphores);
    EXPECT_NE(set.error().text.find("12345"), std::string::npos) << set.error().text;
    EXPECT_EQ(semaphore(0), 0);
}

// Who made a set keeps every right to it.
TEST_F(SemaphoresTest, SetGivenAwayByAStrangerIsRefused) {
    NEEDS_ROOT();
    const pid_t planter = start([] {
        if (::setuid(12345) != 0)
            return 1;
        return ::semget(key, 2, IPC_CREAT | 0600) >= 0 ? 0 : 2;
    });
    ASSERT_EQ(finish(planter), 0);
    semid_ds state{};
    ASSERT_EQ(::semctl(set_id(), 0, IPC_STAT, &state), 0);
    state.sem_perm.uid = 0;
    ASSERT_EQ(::semctl(set_id(), 0, IPC_SET, &state), 0);
    const auto set = Semaphores::claim();
    ASSERT_FALSE(set);
    EXPECT_NE(set.error().text.find("12345"), std::string::npos) << set.error().text;
    EXPECT_EQ(semaphore(0), 0);
}

TEST_F(SemaphoresTest, PlacesRunOut) {
    const auto set = Semaphores::claim();
    ASSERT_TRUE(set);
    put(1, 1);
    EXPECT_TRUE(*set->join());
    EXPECT_FALSE(*set->join());
    set->leave();
    EXPECT_TRUE(*set->join());
    set->release();
}

TEST_F(SemaphoresTest, ForeignSetSaysHowToGoOn) {
    NEEDS_ROOT();
    ASSERT_TRUE(Semaphores::claim()); // as root
    const pid_t other = start([] {
        if (::setuid(12345) != 0)
            return 1;
        const auto set = Semaphores::claim();
        EXPECT_FALSE(set);
        EXPECT_EQ(set.error().cause, Cause::semaphores);
        EXPECT_NE(set.error().text.find("ipcrm"), std::string::npos) << set.error().text;
        return 0;
    });
    EXPECT_EQ(finish(other), 0);
}

TEST_F(SemaphoresTest, SmallerSetIsRefused) {
    ASSERT_GE(::semget(key, 1, IPC_CREAT | 0600), 0);
    const auto set = Semaphores::claim();
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error().cause, Cause::semaphores);
}

TEST_F(SemaphoresTest, OpenModeIsClosed) {
    ASSERT_GE(::semget(key, 2, IPC_CREAT | 0666), 0);
    const auto set = Semaphores::claim();
    ASSERT_TRUE(set);
    semid_ds state{};
    ASSERT_EQ(::semctl(set_id(), 0, IPC_STAT, &state), 0);
    EXPECT_EQ(state.sem_perm.mode & 0777, 0600);
    set->release();
}

TEST_F(SemaphoresTest, ClientWithoutADaemonEver) {
    const auto set = Semaphores::find();
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error().cause, Cause::no_daemon);
}

} // namespace netatop::test
