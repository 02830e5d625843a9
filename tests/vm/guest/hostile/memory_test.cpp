// SPDX-License-Identifier: GPL-2.0-only
// Memory that runs out while packets are counted, until the kernel kills for it.
#include "lib/guest_test.h"

#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "lib/command.h"
#include "lib/low_voice.h"
#include "lib/stream.h"

using namespace guest;

namespace {

constexpr std::uint64_t small = 1 << 30;

std::uint64_t memory() {
    struct sysinfo info {};
    check(::sysinfo(&info), "sysinfo");
    return info.totalram * info.mem_unit;
}

std::uint64_t killed_for_memory() {
    const auto text = read_file("/proc/vmstat");
    const auto at = text.find("oom_kill ");
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + 9));
}

void kill_rather(const std::string& adjustment) {
    write_file("/proc/self/oom_score_adj", adjustment);
}

// Takes all there is, page by page.
[[noreturn]] void eat() {
    constexpr std::size_t bite = 1 << 20;
    for (;;) {
        void* memory = ::mmap(nullptr, bite, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (memory == MAP_FAILED)
            fail("mmap");
    }
}

class Memory : public FamilyTest {
protected:
    void SetUp() override {
        if (memory() > small)
            GTEST_SKIP() << "this machine has too much memory";
        FamilyTest::SetUp();
        kill_rather("-1000");
    }
    void TearDown() override {
        if (IsSkipped())
            return;
        kill_rather("0");
        FamilyTest::TearDown();
    }
};

} // namespace

BOTH_FAMILIES(Memory);

TEST_P(Memory, RunsOutWhileCounting) {
    // What the kernel says when it kills looks like a complaint. Warnings show in the taint.
    const LowVoice worse_than_errors(3);
    const Pair pair;
    Ledger ledger(pair.a, pair.b);
    const auto before = killed_for_memory();
    Stream stream(pair, family());
    stream.await_more();
    for (int i = 0; i < 5; i++) {
        const Helper hog(nullptr, [](Channel&) {
            kill_rather("1000");
            eat();
        });
        hog.await_zombie();
    }
    compare("killed for memory", before + 5, killed_for_memory());
    stream.await_more();
    stream.end();
    ledger.compare("after five times");
}
