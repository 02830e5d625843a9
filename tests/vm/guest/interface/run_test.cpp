// SPDX-License-Identifier: GPL-2.0-only
// The command `netatop run`: all that the command and its descendants carried, and no one else's.
#include "lib/guest_test.h"

#include <csignal>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "lib/command.h"
#include "lib/tool.h"
#include "lib/wait.h"

using namespace guest;

namespace {

constexpr std::size_t size = 20;
const std::string result = "/tmp/run-result";

class Run : public ToolTest<GuestTest> {
protected:
    void SetUp() override {
        ToolTest::SetUp();
        ::close(::creat(result.c_str(), 0600));
        sink_.wait();
    }
    // A shell command that sends so many datagrams, in a namespace where somebody takes them, from
    // a process of its own.
    static std::string send(unsigned count) {
        return "sh -c 'exec 3>/dev/udp/10.0.0.2/9; for ((i = 0; i < " + std::to_string(count) +
               "; i++)); do printf %020d 0 >&3; done'";
    }
    // The exit status of the command, behind all that it says.
    std::string run_it(const std::string& options, const std::string& command) const {
        const Inside inside(pair_.a.ns);
        return guest::run(
            {"sh", "-c",
             tool + " run " + options + " -- " + command + " 2>&1; echo \"status $?\""});
    }
    // What is said of all.
    Counters carried(const std::string& command, unsigned processes, unsigned running = 0) const {
        const auto said = run_it("--json -o " + result, "sh -c '" + quoted(command) + "'");
        EXPECT_NE(said.find("status 0"), std::string::npos) << said;
        const auto lines = lines_in(read_file(result));
        EXPECT_FALSE(lines.empty());
        if (lines.empty())
            return {};
        const auto& all = lines.back();
        EXPECT_NE(all.find("\"complete\":true"), std::string::npos) << all;
        compare("processes", static_cast<long long>(processes), number_in(all, "processes"));
        compare("running", static_cast<long long>(running), number_in(all, "running"));
        return counters_in(all);
    }
    static Counters sent(unsigned count) { return udp_out(datagrams(Family::v4, count, size)); }

    Pair& pair_ = standard_pair();
    Helper sink_ = sink(pair_.b.ns, pair_.b.at(Family::v4, 9));

private:
    static std::string quoted(const std::string& text) {
        std::string all;
        for (const char character : text)
            all += character == '\'' ? std::string("'\\''") : std::string(1, character);
        return all;
    }
};

} // namespace

TEST_F(Run, TheCommandAndItsDescendants) {
    compare("itself", sent(3), carried("exec " + send(3), 1));
    compare("a child, and its child", sent(12), carried(send(5) + "; (" + send(7) + ")", 2));
    // Its parent is gone before it sends.
    compare("an orphan", sent(4), carried("((sleep 1; " + send(4) + ") &); sleep 3", 1));
    compare("nothing", Counters{}, carried("true", 0));
}

TEST_F(Run, NobodyElse) {
    Helper other(pair_.a.ns, [this](Channel& test) {
        const Fd socket = udp_socket(Family::v4);
        for (;;) {
            send_to(socket, pair_.b.at(Family::v4, 9), size, 1);
            test.signal();
            std::this_thread::sleep_for(milliseconds(50));
        }
    });
    other.wait();
    compare("the command", sent(6), carried("sleep 1; " + send(6), 1));
}

TEST_F(Run, WhoStillRuns) {
    const auto counters = carried(
        "sh -c \"echo \\$\\$ >/tmp/run-pid; exec 3>/dev/udp/10.0.0.2/9; printf %020d 0 >&3; "
        "exec sleep 60\" >/dev/null 2>&1 & sleep 2",
        1, 1);
    compare("a daemon", sent(1), counters);
    check(::kill(std::stoi(read_file("/tmp/run-pid")), SIGKILL), "kill");
    EXPECT_TRUE(eventually([] {
        return guest::run({"sh", "-c", "rmdir /sys/fs/cgroup/netatop-run-* 2>&1; echo $?"}) ==
               "0\n";
    }));
}

// The cgroups are hidden, as in a container.
TEST_F(Run, WithoutCgroups) {
    Helper(pair_.a.ns, [this](Channel&) {
        check(::unshare(CLONE_NEWNS), "unshare");
        check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "private mounts");
        check(::umount2("/sys/fs/cgroup", MNT_DETACH), "umount");
        write_file(result, run_it("--json", "sh -c \"" + send(5) + "\""));
    }).join();
    const auto said = read_file(result);
    EXPECT_NE(said.find("no cgroup could be made"), std::string::npos) << said;
    EXPECT_NE(said.find("status 0"), std::string::npos) << said;
    const auto lines = lines_in(said);
    ASSERT_GE(lines.size(), 2U) << said;
    compare("all", sent(5), counters_in(lines[lines.size() - 2]));
}

TEST_F(Run, StatusAndSignals) {
    EXPECT_NE(run_it("", "sh -c 'exit 7'").find("status 7"), std::string::npos);
    EXPECT_NE(run_it("", "sh -c 'kill -TERM $$'").find("status 143"), std::string::npos);
    EXPECT_NE(run_it("", "/nonexistent").find("status 127"), std::string::npos);
    EXPECT_NE(run_it("", "/").find("status 126"), std::string::npos);
    EXPECT_NE(run_it("--wrong", "true").find("status 125"), std::string::npos);
    const auto other = status_of("run true", "nobody");
    EXPECT_NE(other.find("CAP_NET_ADMIN"), std::string::npos) << other;
    EXPECT_NE(other.find("status 125"), std::string::npos) << other;
    // The one who waits is told to end, and passes that on.
    const auto said = guest::run(
        {"sh", "-c",
         tool + " run sleep 60 2>&1 & sleep 2; kill -TERM $!; wait $!; echo \"status $?\""});
    EXPECT_NE(said.find("status 143"), std::string::npos) << said;
    EXPECT_EQ(guest::run({"sh", "-c", "ls /sys/fs/cgroup | grep -c netatop-run || true"}), "0\n");
}
