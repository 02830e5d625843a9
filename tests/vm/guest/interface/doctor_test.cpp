// SPDX-License-Identifier: GPL-2.0-only
// The command `netatop doctor`, in a machine in which something is wrong, or nothing.
#include "lib/guest_test.h"

#include "lib/command.h"
#include "lib/tool.h"
#include "lib/wait.h"

using namespace guest;

namespace {

class Doctor : public ToolTest<GuestTest> {
protected:
    static std::string said(const std::string& user = "root") {
        return status_of("doctor --json", user);
    }
    static bool finds(const std::string& text, const std::string& about, const std::string& state) {
        return text.find("{\"about\":\"" + about + "\",\"state\":\"" + state + "\"") !=
               std::string::npos;
    }
};

} // namespace

TEST_F(Doctor, TheModuleIsWell) {
    const auto text = said();
    for (const char* about :
         {"module", "netlink", "accounting", "table of sockets", "table of tasks", "rights"})
        EXPECT_TRUE(finds(text, about, "good")) << about << ": " << text;
    EXPECT_TRUE(finds(text, "netatopd", "note")) << text;
    EXPECT_TRUE(finds(said("nobody"), "rights", "note"));
}

TEST_F(Doctor, AccountingIsOff) {
    write_file("/sys/module/netatop/parameters/enabled", "0");
    const auto text = said();
    write_file("/sys/module/netatop/parameters/enabled", "1");
    EXPECT_TRUE(finds(text, "accounting", "wrong")) << text;
    EXPECT_NE(text.find("status 1"), std::string::npos) << text;
}

TEST_F(Doctor, ATableIsTooSmall) {
    write_file("/sys/module/netatop/parameters/max_sockets", "1");
    Helper many(nullptr, [](Channel& test) {
        std::vector<Fd> sockets;
        for (int i = 0; i < 5; ++i) {
            sockets.push_back(udp_socket(Family::v4));
            send_to(sockets.back(), Address("127.0.0.1", 9), 10);
        }
        test.signal();
        test.wait();
    });
    many.wait();
    const auto text = said();
    write_file("/sys/module/netatop/parameters/max_sockets", "1048576");
    EXPECT_TRUE(finds(text, "table of sockets", "note")) << text;
    EXPECT_NE(text.find("there was no room"), std::string::npos) << text;
}

TEST_F(Doctor, TheModuleIsNotLoaded) {
    ASSERT_TRUE(eventually([] { return module::unload() == 0; }));
    const auto text = said();
    module::require();
    EXPECT_TRUE(finds(text, "module", "wrong")) << text;
    EXPECT_NE(text.find("modprobe netatop"), std::string::npos) << text;
    EXPECT_NE(text.find("status 1"), std::string::npos) << text;
}
