// SPDX-License-Identifier: GPL-2.0-only
// What the commands print with --json, real objects of each kind, for the ring to hold against the
// schema.
#include "lib/guest_test.h"

#include <sys/stat.h>

#include "lib/command.h"
#include "lib/tool.h"

using namespace guest;

namespace {

constexpr std::size_t size = 20;
const std::string directory = "/results/json";

class Schema : public ToolTest<GuestTest> {
protected:
    void SetUp() override {
        ToolTest::SetUp();
        sink_.wait();
        ::mkdir(directory.c_str(), 0755);
    }
    // The lines of a command of the shell, kept for the ring.
    static void keep(const std::string& name, const std::string& command) {
        const std::string file = directory + "/" + name + ".jsonl";
        run({"sh", "-c", "{ " + command + "; } >" + file});
        EXPECT_FALSE(lines_in(read_file(file)).empty()) << name;
    }

    Pair& pair_ = standard_pair();
    Helper sink_ = sink(pair_.b.ns, pair_.b.at(Family::v4, 9));
};

} // namespace

TEST_F(Schema, Lists) {
    Helper sender(pair_.a.ns, [this](Channel& test) {
        const auto socket = udp_socket(Family::v4);
        for (;;) {
            test.wait();
            send_to(socket, pair_.b.at(Family::v4, 9), size, 3);
            test.signal();
        }
    });
    for (const std::string kind : {"processes", "trees", "threads", "commands", "users", "units",
                                   "containers", "cgroups", "connections", "remotes", "classes"}) {
        sender.step(); // it gives up when nobody has a word for it
        // Since the module was loaded, and in an interval.
        keep(kind, tool + " list " + kind + " --json && " + tool + " list " + kind +
                       " --json -d 0.2 -n 1");
    }
}

TEST_F(Schema, Watch) {
    const Inside inside(pair_.a.ns);
    const auto one_of = [](const std::string& events) {
        return tool + " watch --json -n 1 --events " + events +
               " & while kill -0 $! 2>/dev/null; do sh -c 'echo >/dev/udp/10.0.0.2/9'; done; "
               "wait $!";
    };
    keep("watch", one_of("exit") + "; " + one_of("close"));
}

TEST_F(Schema, Run) {
    const Inside inside(pair_.a.ns);
    const std::string said = "/tmp/schema-run";
    keep("run",
         tool + " run --json -o " + said + " -- sh -c 'echo >/dev/udp/10.0.0.2/9' && cat " + said);
}

TEST_F(Schema, Doctor) {
    keep("doctor", tool + " doctor --json || true");
}
