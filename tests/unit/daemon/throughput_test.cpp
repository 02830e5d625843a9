// SPDX-License-Identifier: GPL-2.0-only
// How many records a second the daemon can take, write and have read.
#include "daemon_fixture.h"

#include <sys/resource.h>

#include <chrono>
#include <thread>

namespace netatop::test {

namespace {

const int records = scaled(100000);

// As many records as the daemon will take, then silence.
class Flood : public ExitSource {
public:
    Taken probe() override { return {Taken::Outcome::record}; }
    Taken take() override {
        while (next_ == 0 && semaphore(1) != 99)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (next_ == records) {
            ::pause();
            return {Taken::Outcome::interrupted};
        }
        ++next_;
        return {Taken::Outcome::record, make_task(next_, static_cast<unsigned>(next_) * 7919U)};
    }

private:
    int next_ = 0;
};

// The processor time that ended children took.
double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_CHILDREN, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

} // namespace

TEST_F(DaemonTest, KeepsUpWithAFlood) {
    Flood flood;
    launch(flood);
    ASSERT_TRUE(eventually([&] { return log_names_daemon(); }));
    Client client(directory.log());
    ASSERT_TRUE(eventually([&] { return client.probe(); }));

    const double cpu_before = cpu_seconds();
    const auto begin = std::chrono::steady_clock::now();
    int seen = 0;
    while (seen < records &&
           std::chrono::steady_clock::now() - begin < std::chrono::seconds(scaled(100))) {
        for (const auto& task : client.sample()) {
            ++seen;
            ASSERT_EQ(task.id, seen);
            ASSERT_EQ(task.tcpsndpacks, static_cast<unsigned>(seen) * 7919U);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_EQ(seen, records);
    EXPECT_LE(client.missing(), 1U);
    RecordProperty("records_per_second", static_cast<int>(records / took.count()));
    EXPECT_EQ(stop(SIGTERM), 0);
    // What a processor of its own would give it, on a busy machine too.
    RecordProperty("records_per_cpu_second",
                   static_cast<int>(records / (cpu_seconds() - cpu_before)));
}

} // namespace netatop::test
