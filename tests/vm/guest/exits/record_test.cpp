// SPDX-License-Identifier: GPL-2.0-only
// Exit records: each finished process becomes one, promptly, with everything that it moved.
#include "lib/guest_test.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <set>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <thread>

using namespace guest;

namespace {

class Record : public GuestTest {
protected:
    void SetUp() override {
        GuestTest::SetUp();
        sink_.wait();
    }
    Helper sender(unsigned count) {
        return {pair_.a.ns,
                [this, count](Channel&) { send_to(udp_socket(Family::v4), sink(), 40, count); }};
    }
    // So many processes, one after the other, that send 1, 2, 3… datagrams; their ids.
    std::vector<pid_t> lives(unsigned count) {
        std::vector<pid_t> pids;
        for (unsigned i = 1; i <= count; i++) {
            auto process = sender(i);
            pids.push_back(process.pid());
            process.join();
        }
        return pids;
    }
    Address sink() const { return pair_.b.at(Family::v4, 9); }
    static Counters sent(unsigned count) { return udp_out(datagrams(Family::v4, count, 40)); }

    Pair& pair_ = standard_pair();
    // Somebody on the other side who listens, so that no errors come back.
    Helper sink_{pair_.b.ns, [&](Channel& test) {
                     const Fd socket = udp_bound(sink());
                     test.signal();
                     test.wait();
                 }};
};

// How many processes of lives() have exactly one record, and an exact one.
unsigned exact_records(const std::vector<pid_t>& pids, const std::vector<netpertask>& records) {
    unsigned exact = 0;
    for (std::size_t i = 0; i < pids.size(); i++) {
        const auto of_pid = [&](const netpertask& record) { return record.id == pids[i]; };
        const auto found = std::find_if(records.begin(), records.end(), of_pid);
        if (found != records.end() && std::count_if(records.begin(), records.end(), of_pid) == 1 &&
            counters_of(*found) == udp_out(datagrams(Family::v4, i + 1, 40)))
            exact++;
    }
    return exact;
}

netpertask take_record(const Ctl& ctl) {
    netpertask record{};
    socklen_t size = sizeof(record);
    if (const int error = ctl.call(NETATOP_GETCNT_EXIT, &record, &size))
        fail("GETCNT_EXIT", error);
    return record;
}

} // namespace

TEST_F(Record, IsThereWithinATenthOfASecond) {
    ExitReader reader;
    reader.drain();
    std::vector<milliseconds> delays;
    for (int i = 0; i < 15; i++) {
        auto process = sender(1);
        const pid_t pid = process.pid();
        process.await_zombie();
        const auto ended = Clock::now();
        ASSERT_TRUE(reader.await(pid, patience));
        delays.push_back(std::chrono::duration_cast<milliseconds>(Clock::now() - ended));
        process.join();
    }
    // The middle one: an emulated machine may stand still now and then.
    std::nth_element(delays.begin(), delays.begin() + 7, delays.end());
    std::cout << scenario() << ": delay: expected at most 100 ms, got " << delays[7].count()
              << " ms" << std::endl;
    EXPECT_LE(delays[7].count(), 100);
}

TEST_F(Record, OfAZombieThatNobodyReaps) {
    ExitReader reader;
    auto process = sender(4);
    process.await_zombie();
    const auto record = reader.await(process.pid(), patience);
    ASSERT_TRUE(record);
    compare("record", sent(4), counters_of(*record));
    process.join();
}

TEST_F(Record, HoldsWhatTheThreadsMoved) {
    ExitReader reader;
    Helper process(pair_.a.ns, [&](Channel&) {
        std::vector<std::thread> threads;
        for (const unsigned count : {1, 2, 3})
            threads.emplace_back(
                [this, count] { send_to(udp_socket(Family::v4), sink(), 40, count); });
        for (auto& thread : threads)
            thread.join();
        send_to(udp_socket(Family::v4), sink(), 40, 4);
    });
    const pid_t pid = process.pid();
    process.join();
    const auto record = reader.await(pid, patience);
    ASSERT_TRUE(record);
    compare("record", sent(10), counters_of(*record));
}

TEST_F(Record, HoldsTheEndOfItsConnections) {
    ExitReader reader;
    const auto before = pair_.a.carried();
    Helper server(pair_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(Family::v4));
        test.send(Address::local_of(listener.get()).port());
        const Fd connection = tcp_accept(listener);
        read_to_end(connection);
        test.signal();
        test.wait();
    });
    const auto port = server.receive<std::uint16_t>();
    Helper client(pair_.a.ns,
                  [&](Channel&) { write_stream(tcp_connected(pair_.b.at(Family::v4, port)), 10); });
    const pid_t pid = client.pid();
    client.join();
    server.wait();
    const auto record = reader.await(pid, patience);
    ASSERT_TRUE(record);
    // SYN, acknowledgement, data, FIN: all sent before the process was finished.
    const auto own = counters_of(*record).tcp;
    compare("packets sent", std::uint64_t{4}, own.out.packets);
    compare("bytes sent", (pair_.a.carried() - before).out.bytes, own.out.bytes);
}

TEST_F(Record, StartTimeAndName) {
    ExitReader reader;
    Helper process(pair_.a.ns, [&](Channel& test) {
        send_to(udp_socket(Family::v4), sink(), 40);
        test.signal();
        test.wait();
    });
    process.wait();
    const auto live = ctl.process(process.pid());
    ASSERT_TRUE(live);
    const pid_t pid = process.pid();
    process.signal();
    process.join();
    const auto record = reader.await(pid, patience);
    ASSERT_TRUE(record);
    compare("start time", live->btime, record->btime);
    compare("name", std::string(live->command), std::string(record->command));
}

TEST_F(Record, NothingOfALongerNameIsLeft) {
    ExitReader reader;
    Helper process(pair_.a.ns, [&](Channel& test) {
        check(::prctl(PR_SET_NAME, "a-longer-name"), "prctl");
        send_to(udp_socket(Family::v4), sink(), 40);
        check(::prctl(PR_SET_NAME, "short"), "prctl");
        test.signal();
    });
    process.wait();
    const pid_t pid = process.pid();
    process.join();
    const auto record = reader.await(pid, patience);
    ASSERT_TRUE(record);
    compare("name", std::string("short"), std::string(record->command));
    for (std::size_t at = std::strlen(record->command); at < sizeof(record->command); at++)
        EXPECT_EQ(record->command[at], '\0') << "rest of the name, byte " << at;
}

TEST_F(Record, OfEveryProcessIsThereAfterCollection) {
    ExitReader reader;
    reader.drain();
    const auto pids = lives(25);
    compare("exact records", 25U, exact_records(pids, reader.drain()));
}

TEST_F(Record, CollectionByTwoAtOnceMissesNothing) {
    constexpr int rounds = 15;
    ExitReader().drain();
    auto* reaped = static_cast<std::atomic<unsigned>*>(
        ::mmap(nullptr, sizeof(std::atomic<unsigned>), PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    const auto before = module::counters("exited").udp.out.packets;
    std::vector<Helper> collectors;
    for (int i = 0; i < 2; i++)
        collectors.emplace_back(nullptr, [&](Channel& test) {
            const Ctl client;
            unsigned late = 0;
            for (int round = 0; round < rounds; round++) {
                sender(1).join();
                ++*reaped;
                const unsigned ended = *reaped;
                if (client.force_gc())
                    throw std::runtime_error("FORCE_GC fails");
                late += module::counters("exited").udp.out.packets - before < ended;
            }
            test.send(late);
            test.wait();
        });
    for (auto& collector : collectors)
        compare("collections that missed an exited process", 0U, collector.receive<unsigned>());
    ::munmap(reaped, sizeof(*reaped));
}

TEST_F(Record, GoesToOneOfSeveralReaders) {
    ExitReader().drain();
    std::vector<ExitReader> readers(3);
    const auto pids = lives(24);
    std::vector<netpertask> all;
    for (auto& reader : readers)
        for (const auto& record : reader.drain())
            all.push_back(record);
    compare("exact records, each with one reader", 24U, exact_records(pids, all));
}

TEST_F(Record, FailedCopyLosesNothing) {
    ExitReader().drain();
    const auto pids = lives(2);
    ASSERT_EQ(ctl.force_gc(), 0);
    socklen_t size = sizeof(netpertask);
    compare("GETCNT_EXIT into nowhere", EFAULT, ctl.call(NETATOP_GETCNT_EXIT, nullptr, &size));
    netpertask task{};
    size = 3;
    compare("GETCNT_EXIT, 3 bytes", EINVAL, ctl.call(NETATOP_GETCNT_EXIT, &task, &size));
    compare("exact records", 2U, exact_records(pids, {take_record(ctl), take_record(ctl)}));
}

TEST_F(Record, ListIsBoundedAndDropsTheOldest) {
    module::reload("max_exits=10");
    const auto pids = lives(25);
    ASSERT_EQ(ctl.force_gc(), 0);
    const auto status = module::Status::read();
    compare("records", std::uint64_t{10}, status.number("#taskexit"));
    compare("records dropped", std::uint64_t{15}, status.number("exits dropped"));
    std::set<pid_t> kept;
    for (int i = 0; i < 10; i++)
        kept.insert(take_record(ctl).id);
    compare("the newest are kept", true, kept == std::set<pid_t>(pids.begin() + 15, pids.end()));
    compare("sum of all that exited", sent(25 * 26 / 2), module::counters("exited"));
    module::reload();
}

TEST_F(Record, FullTaskTableCollectsFirst) {
    module::reload("max_tasks=24");
    {
        ExitReader reader;
        const auto pids = lives(60);
        compare("exact records", 60U, exact_records(pids, reader.drain()));
    }
    compare("overflow", std::uint64_t{0}, module::Status::read().number("#taskinfo", 1));
    module::reload();
}
