// SPDX-License-Identifier: GPL-2.0-only
// The whole daemon in a process of its own, with a source that the test feeds
// and clients that read as atop does.
#include "daemon.h"

#include "daemon_fixture.h"

#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <zlib.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

namespace netatop::test {

namespace {

// Answers with these outcomes first, then blocks like an idle module.
class ScriptedSource : public ExitSource {
public:
    explicit ScriptedSource(std::vector<Taken> probes) : probes_(std::move(probes)) {}
    Taken probe() override {
        if (probes_.empty())
            return {Taken::Outcome::record};
        const Taken first = probes_.front();
        probes_.erase(probes_.begin());
        return first;
    }
    Taken take() override {
        ::pause();
        return {Taken::Outcome::interrupted};
    }

private:
    std::vector<Taken> probes_;
};

std::vector<int> ids(const std::vector<netpertask>& tasks) {
    std::vector<int> result;
    for (const auto& task : tasks)
        result.push_back(task.id);
    return result;
}

// How many records the log's header counts, and how many are in the file; the
// test fails on anything else in it.
std::pair<std::uint32_t, std::uint32_t> count_records(const std::string& path) {
    const std::string bytes = contents(path);
    std::uint32_t counted = 0;
    std::memcpy(&counted, bytes.data() + 4, sizeof counted);
    std::uint32_t whole = 0;
    for (std::size_t at = 16; at < bytes.size(); ++whole) {
        const auto length = static_cast<std::uint8_t>(bytes[at]);
        std::array<Bytef, 464> plain{};
        uLongf size = plain.size();
        const bool fits = length > 0 && at + length < bytes.size();
        EXPECT_TRUE(fits) << "at " << at;
        if (!fits)
            break;
        EXPECT_EQ(::uncompress(plain.data(), &size, reinterpret_cast<const Bytef*>(&bytes[at + 1]),
                               length),
                  Z_OK);
        at += 1U + length;
    }
    return {counted, whole};
}

} // namespace

TEST_F(DaemonTest, ClientGetsWhatComesAfterItStarted) {
    launch();
    source.put(make_task(1));
    ASSERT_TRUE(source.wait_until_done());

    Client client(directory.log());
    ASSERT_TRUE(client.probe());
    EXPECT_EQ(client.daemon_pid(), daemon);
    for (int id = 2; id <= 4; ++id)
        source.put(make_task(id, 1000));
    ASSERT_TRUE(source.wait_until_done());
    const auto tasks = client.sample();
    EXPECT_EQ(ids(tasks), (std::vector{2, 3, 4}));
    EXPECT_EQ(tasks[0].tcpsndbytes, 66000U);
    EXPECT_STREQ(tasks[0].command, "curl");
    EXPECT_EQ(client.missing(), 0U);
    EXPECT_EQ(stop(SIGTERM), 0);
}

TEST_F(DaemonTest, WithoutClientsNothingIsLogged) {
    launch();
    const auto size = contents(directory.log()).size();
    source.put(make_task(1));
    ASSERT_TRUE(source.wait_until_done());
    EXPECT_EQ(contents(directory.log()).size(), size);
}

TEST_F(DaemonTest, LastClientsFarewellEmptiesTheLog) {
    launch();
    Client first(directory.log());
    Client second(directory.log());
    ASSERT_TRUE(first.probe());
    ASSERT_TRUE(second.probe());
    source.put(make_task(1));
    ASSERT_TRUE(source.wait_until_done());
    const auto old = inode(directory.log());

    first.sign_off();
    ::kill(daemon, SIGHUP);
    source.put(make_task(2));
    ASSERT_TRUE(source.wait_until_done());
    EXPECT_EQ(inode(directory.log()), old) << "one client is left";
    EXPECT_EQ(ids(second.sample()), (std::vector{1, 2}));

    second.sign_off();
    ::kill(daemon, SIGHUP);
    EXPECT_TRUE(eventually([&] { return inode(directory.log()) != old; }));
    EXPECT_EQ(contents(directory.log()).size(), 16U);
}

TEST_F(DaemonTest, ClientKilledWithoutFarewellIsNoticed) {
    launch();
    std::unique_ptr<Client> client;
    const pid_t killed = start([&] {
        Client inner(directory.log());
        if (!inner.probe())
            return 1;
        source.put(make_task(1));
        ::pause();
        return 0;
    });
    ASSERT_TRUE(eventually([&] { return contents(directory.log()).size() > 16; }));
    ::kill(killed, SIGKILL);
    finish(killed);
    source.put(make_task(2));
    ASSERT_TRUE(source.wait_until_done());
    EXPECT_EQ(contents(directory.log()).size(), 16U);
    EXPECT_EQ(semaphore(1), 100);
}

TEST_F(DaemonTest, EndsCleanlyOnBothSignals) {
    for (const int signal : {SIGTERM, SIGINT}) {
        launch();
        EXPECT_EQ(stop(signal), 0);
        EXPECT_EQ(inode(directory.log()), 0U);
        EXPECT_EQ(semaphore(0), 0);
        EXPECT_EQ(semaphore(1), 100);
    }
}

// The signal may hit the daemon anywhere; it must never wait for a record
// that does not come.
TEST_F(DaemonTest, NoSignalIsLost) {
    for (int i = 0; i < scaled(50); ++i) {
        launch();
        ::usleep(i * 20);
        EXPECT_EQ(stop(SIGTERM), 0);
    }
}

TEST_F(DaemonTest, ManyFarewellsAtOnce) {
    launch();
    for (int i = 0; i < scaled(10000); ++i)
        ::kill(daemon, SIGHUP);
    EXPECT_EQ(stop(SIGTERM), 0);
}

TEST_F(DaemonTest, SecondDaemonEndsAndSaysWhoRuns) {
    launch();
    PipeSource other;
    const auto log = inode(directory.log());
    const std::string second = directory.path + "/second";
    EXPECT_EQ(finish(start([&] { return run(directory.log(), other, second); })), 3);
    EXPECT_NE(contents(second).find(std::to_string(daemon)), std::string::npos);
    EXPECT_EQ(inode(directory.log()), log) << "the first one's log is untouched";
    EXPECT_EQ(semaphore(0), 1);
    EXPECT_EQ(stop(SIGTERM), 0);
}

// What was logged before and what comes after is one log to its clients.
TEST_F(DaemonTest, RestartLosesNothing) {
    for (const int signal : {SIGTERM, SIGKILL}) {
        launch();
        Client client(directory.log());
        ASSERT_TRUE(client.probe());
        source.put(make_task(1));
        ASSERT_TRUE(source.wait_until_done());
        EXPECT_EQ(stop(signal), signal == SIGTERM ? 0 : -SIGKILL);
        if (signal == SIGTERM) {
            EXPECT_GT(client.daemon_pid(), 4194304) << "no process can have it";
        }
        source.put(make_task(2));
        launch();
        source.put(make_task(3));
        ASSERT_TRUE(source.wait_until_done());
        ASSERT_TRUE(client.probe());
        EXPECT_EQ(client.opened(), 1);
        EXPECT_EQ(client.daemon_pid(), daemon);
        EXPECT_EQ(ids(client.sample()), (std::vector{1, 2, 3}));
        EXPECT_EQ(client.missing(), 0U);
        client.sign_off();
        EXPECT_EQ(stop(SIGTERM), 0);
        EXPECT_EQ(inode(directory.log()), 0U) << "nobody is left to notice";
    }
}

TEST_F(DaemonTest, DamagedLogIsReplacedAtARestart) {
    launch();
    Client client(directory.log());
    ASSERT_TRUE(client.probe());
    source.put(make_task(1));
    ASSERT_TRUE(source.wait_until_done());
    EXPECT_EQ(stop(SIGKILL), -SIGKILL);
    EXPECT_FALSE(client.probe()) << "no daemon now";
    std::ofstream(directory.log(), std::ios::app) << "rubbish";
    const auto damaged = inode(directory.log());
    launch();
    EXPECT_EQ(client.daemon_pid(), daemon) << "by the old mapping";
    EXPECT_TRUE(eventually([&] { return inode(directory.log()) != damaged; }));
    ASSERT_TRUE(client.probe());
    EXPECT_EQ(client.opened(), 2);
    source.put(make_task(2));
    ASSERT_TRUE(source.wait_until_done());
    EXPECT_EQ(ids(client.sample()), std::vector{2});
}

// Each kill may take the record with it that was at hand, and no other.
TEST_F(DaemonTest, KilledAtAnyInstant) {
    launch();
    Client client(directory.log());
    ASSERT_TRUE(client.probe());
    const pid_t feeder = start([&] {
        for (int id = 1;; ++id) {
            source.put(make_task(id));
            if (id % 50 == 0)
                ::usleep(500);
        }
        return 0;
    });
    int last = 0;
    int lost = 0;
    const auto take = [&] {
        const auto tasks = client.sample();
        for (const auto& task : tasks) {
            EXPECT_GT(task.id, last);
            lost += task.id - last - 1;
            last = task.id;
        }
        return !tasks.empty();
    };
    const int rounds = scaled(100);
    for (int round = 0; round < rounds && !HasFailure(); ++round) {
        EXPECT_TRUE(eventually(take));
        ::usleep(static_cast<useconds_t>(round * 37 % 400));
        stop(SIGKILL);
        EXPECT_EQ(semaphore(0), 0);
        take();
        const auto [counted, whole] = count_records(directory.log());
        EXPECT_GE(whole, counted);
        EXPECT_LE(whole, counted + 1) << "killed between record and count";
        launch();
        EXPECT_TRUE(client.probe());
    }
    ::kill(feeder, SIGKILL);
    finish(feeder);
    EXPECT_EQ(client.opened(), 1);
    EXPECT_EQ(client.missing(), 0U);
    EXPECT_LE(lost, rounds);
    RecordProperty("records_read", last - lost);
}

TEST_F(DaemonTest, KilledDaemonsLogNamesNoStranger) {
    launch();
    Client client(directory.log());
    ASSERT_TRUE(client.probe());
    Config config;
    config.log_path = directory.log();
    disown_log(config);
    EXPECT_EQ(client.daemon_pid(), daemon) << "it runs";
    EXPECT_EQ(stop(SIGKILL), -SIGKILL);
    disown_log(config);
    EXPECT_GT(client.daemon_pid(), 4194304);
    launch();
    EXPECT_TRUE(client.probe());
    EXPECT_EQ(client.opened(), 1);
}

TEST_F(DaemonTest, FileThatIsNoLogIsLeftAlone) {
    std::ofstream(directory.log()) << "a letter";
    launch(source);
    EXPECT_EQ(finish(std::exchange(daemon, -1)), 5);
    EXPECT_EQ(contents(directory.log()), "a letter");
    EXPECT_EQ(semaphore(0), -1) << "no set was made";
}

// Clients would count on a daemon that ends at once.
TEST_F(DaemonTest, NothingIsClaimedBeforeAllElseIsThere) {
    ScriptedSource denied({{Taken::Outcome::denied}});
    EXPECT_EQ(finish(start([&] { return run(directory.log(), denied, journal()); })), 4);
    EXPECT_EQ(semaphore(0), -1);
    EXPECT_EQ(finish(start([&] {
                  FaultyFiles files;
                  files.open_errors = {EACCES};
                  std::ostringstream out;
                  Messages messages(out, true);
                  Config config;
                  config.log_path = directory.log();
                  const auto done = run_daemon(config, source, files, messages, Notify(""));
                  return done ? 0 : static_cast<int>(done.error().cause);
              })),
              5);
    EXPECT_EQ(semaphore(0), -1);
}

TEST_F(DaemonTest, ManagerHearsWhenItIsReady) {
    const std::string name = directory.path + "/notify";
    const Descriptor manager(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    ASSERT_EQ(::bind(manager.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    daemon = start([&] { return run(directory.log(), source, journal(), name); });
    EXPECT_TRUE(eventually([&] {
        std::array<char, 200> text{};
        const ssize_t length = ::recv(manager.get(), text.data(), text.size(), MSG_DONTWAIT);
        return length > 0 && std::string(text.data(), length) == "READY=1";
    }));
    EXPECT_TRUE(log_names_daemon());
    EXPECT_EQ(semaphore(0), 1);
}

TEST_F(DaemonTest, ClientsComeAndGo) {
    launch();
    std::vector<pid_t> clients;
    for (int i = 0; i < 10; ++i)
        clients.push_back(start([&, i] {
            for (int turn = 0; turn < scaled(20); ++turn) {
                Client client(directory.log());
                if (!client.probe())
                    return 1;
                ::usleep(static_cast<useconds_t>(500 + i * 100));
                client.sample();
                EXPECT_LE(client.missing(), 1U);
                if (i < 5) {
                    client.sign_off();
                    ::kill(daemon, SIGHUP);
                } else {
                    ::kill(::getpid(), SIGKILL);
                }
            }
            return 0;
        }));
    for (int id = 1; id <= scaled(5000); ++id)
        source.put(make_task(id));
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(finish(clients[i]), i < 5 ? 0 : -SIGKILL);
    ASSERT_TRUE(source.wait_until_done());
    EXPECT_EQ(semaphore(1), 100);
    ::kill(daemon, SIGHUP);
    EXPECT_TRUE(eventually([&] { return contents(directory.log()).size() == 16; }));
    EXPECT_EQ(stop(SIGTERM), 0);
}

TEST_F(DaemonTest, LogIsMadeAgainWhileNothingHappens) {
    launch();
    ASSERT_EQ(::unlink(directory.log().c_str()), 0);
    EXPECT_TRUE(eventually([&] { return inode(directory.log()) != 0; }));
}

TEST_F(DaemonTest, DamagedLogIsReplacedWhileNothingHappens) {
    launch();
    const auto old = inode(directory.log());
    std::ofstream(directory.log(), std::ios::app) << "rubbish";
    EXPECT_TRUE(eventually([&] { return inode(directory.log()) != old; }));
    EXPECT_EQ(contents(directory.log()).size(), 16U);
}

#ifndef __SANITIZE_THREAD__ // whose own thread does not sleep
// How often the threads of a process have slept and gone on.
long wakeups(pid_t pid) {
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task/";
    long sum = 0;
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
        std::ifstream status(task.path() / "status");
        std::string word;
        long value = 0;
        while (status >> word)
            if (word == "voluntary_ctxt_switches:" && status >> value)
                sum += value;
    }
    return sum;
}

TEST_F(DaemonTest, SleepsWhileNothingHappens) {
    launch();
    Client client(directory.log());
    ASSERT_TRUE(client.probe());
    source.put(make_task(1));
    ASSERT_TRUE(source.wait_until_done());
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const long before = wakeups(daemon);
    std::this_thread::sleep_for(std::chrono::seconds(6));
    EXPECT_EQ(wakeups(daemon), before);
}
#endif

TEST_F(DaemonTest, RemovedSemaphoreSetIsMadeAgain) {
    launch();
    ASSERT_EQ(::semctl(::semget(key, 0, 0), 0, IPC_RMID), 0);
    source.put(make_task(1));
    ASSERT_TRUE(source.wait_until_done());
    EXPECT_EQ(semaphore(0), 1);
    EXPECT_EQ(semaphore(1), 100);
    EXPECT_NE(contents(journal()).find("semaphore set"), std::string::npos);
    Client client(directory.log());
    ASSERT_TRUE(client.probe());
    EXPECT_EQ(stop(SIGTERM), 0);
}

TEST_F(DaemonTest, FullFileSystemIsSaidOnce) {
    NEEDS_ROOT();
    const Directory small("size=64k,mode=755");
    daemon = start([&] { return run(small.log(), source, journal()); });
    ASSERT_TRUE(eventually([&] { return inode(small.log()) != 0; }));
    Client client(small.log());
    ASSERT_TRUE(client.probe());
    std::ofstream(small.path + "/ballast") << std::string(64 * 1024, 'x');

    for (int id = 1; id <= 2000; ++id)
        source.put(make_task(id));
    ASSERT_TRUE(source.wait_until_done());
    const auto kept = ids(client.sample());
    ASSERT_FALSE(kept.empty());
    EXPECT_LT(kept.size(), 2000U);
    const std::string said = contents(journal());
    const auto first = said.find("full");
    EXPECT_NE(first, std::string::npos) << said;
    EXPECT_EQ(said.find("full", first + 1), std::string::npos) << said;

    ASSERT_EQ(::unlink((small.path + "/ballast").c_str()), 0);
    ASSERT_TRUE(client.probe());
    source.put(make_task(2001));
    ASSERT_TRUE(source.wait_until_done());
    EXPECT_EQ(ids(client.sample()), std::vector{2001});
    EXPECT_EQ(stop(SIGTERM), 0);
}

TEST_F(DaemonTest, ReadOnlyAtStart) {
    NEEDS_ROOT();
    const Directory other("size=64k,mode=755,ro");
    daemon = start([&] { return run(other.log(), source, journal()); });
    ASSERT_TRUE(
        eventually([&] { return contents(journal()).find("Read-only") != std::string::npos; }));
    EXPECT_EQ(semaphore(0), 1);
    ASSERT_EQ(::mount(nullptr, other.path.c_str(), nullptr, MS_REMOUNT, "size=64k,mode=755"), 0);
    EXPECT_TRUE(eventually([&] { return inode(other.log()) != 0; }));
    EXPECT_EQ(stop(SIGTERM), 0);
}

TEST_F(DaemonTest, PlantedLogEndsItWithItsOwnStatus) {
    NEEDS_ROOT();
    std::ofstream(directory.log()) << "planted";
    ASSERT_EQ(::chown(directory.log().c_str(), 12345, 12345), 0);
    launch(source);
    EXPECT_EQ(finish(std::exchange(daemon, -1)), 5);
    EXPECT_EQ(semaphore(0), -1) << "no set was made";
}

TEST_F(DaemonTest, AbsentModuleIsWaitedFor) {
    const Taken absent{Taken::Outcome::absent};
    ScriptedSource module({absent, absent, absent});
    launch(module);
    EXPECT_TRUE(eventually(
        [&] { return contents(journal()).find("taking records") != std::string::npos; }));
    const std::string said = contents(journal());
    const auto advice = said.find("modprobe netatop");
    EXPECT_NE(advice, std::string::npos) << said;
    EXPECT_EQ(said.find("modprobe netatop", advice + 1), std::string::npos) << "said once";
    EXPECT_EQ(stop(SIGTERM), 0);
}

TEST_F(DaemonTest, WaitingForTheModuleEndsAtOnce) {
    ScriptedSource module(std::vector<Taken>(1000, {Taken::Outcome::absent}));
    launch(module);
    ASSERT_TRUE(
        eventually([&] { return contents(journal()).find("modprobe") != std::string::npos; }));
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(stop(SIGTERM), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST_F(DaemonTest, WaitingForTheModuleTakesNoTime) {
    ScriptedSource module(std::vector<Taken>(1000, {Taken::Outcome::absent}));
    launch(module);
    ::sleep(3);
    ::kill(daemon, SIGTERM);
    rusage used{};
    int status = 0;
    ASSERT_GT(::wait4(std::exchange(daemon, -1), &status, 0, &used), 0);
    EXPECT_LT(used.ru_utime.tv_sec * 1000000 + used.ru_utime.tv_usec, 100000);
    EXPECT_LT(used.ru_stime.tv_sec * 1000000 + used.ru_stime.tv_usec, 100000);
}

// How often a module that is absent is looked for, at first and later.
TEST_F(DaemonTest, LooksLessAndLessOften) {
    struct Counting : ScriptedSource {
        explicit Counting(std::atomic<int>& number)
            : ScriptedSource(std::vector<Taken>(1000, {Taken::Outcome::absent})), looks(number) {}
        Taken probe() override {
            ++looks;
            return ScriptedSource::probe();
        }
        std::atomic<int>& looks;
    };
    void* memory = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    auto& looks = *new (memory) std::atomic<int>(0);
    Counting module(looks);
    launch(module);
    ASSERT_TRUE(eventually([&] { return looks > 0; }));
    ::usleep(7000000);
    const int seen = looks;
    EXPECT_GE(seen, 4);
    EXPECT_LE(seen, 6) << "after 0.25, 0.5, 1, 2 and 4 seconds more";
    EXPECT_EQ(stop(SIGTERM), 0);
    ::munmap(memory, sizeof(std::atomic<int>));
}

TEST_F(DaemonTest, MissingPrivilegeEndsItWithItsOwnStatus) {
    ScriptedSource module({{Taken::Outcome::denied}});
    launch(module);
    EXPECT_EQ(finish(std::exchange(daemon, -1)), 4);
    EXPECT_NE(contents(journal()).find("CAP_NET_ADMIN"), std::string::npos);
    EXPECT_EQ(inode(directory.log()), 0U);
    EXPECT_EQ(semaphore(0), -1);
}

TEST_F(DaemonTest, UnfitModuleIsWaitedFor) {
    ScriptedSource module({{Taken::Outcome::unfit, {}, "module is version 3.2.2"}});
    launch(module);
    EXPECT_TRUE(eventually(
        [&] { return contents(journal()).find("taking records") != std::string::npos; }));
    EXPECT_NE(contents(journal()).find("3.2.2"), std::string::npos);
    EXPECT_EQ(stop(SIGTERM), 0);
}

} // namespace netatop::test
