// SPDX-License-Identifier: GPL-2.0-only
// The parameters in sysfs: what can cost or change something asks for a capability, which root of a
// container need not have.
#include "lib/guest_test.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>

#include "lib/command.h"

using namespace guest;

namespace {

class Parameter : public GuestTest {
protected:
    static std::string path(const std::string& name) {
        return "/sys/module/netatop/parameters/" + name;
    }
};

// Root goes on without any capability.
void drop_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
    check(::syscall(SYS_capset, &header, none), "capset");
}

int read_error(const std::string& path) {
    const Fd fd(check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open"));
    char text[256];
    return ::read(fd.get(), text, sizeof(text)) < 0 ? errno : 0;
}

int write_error(const std::string& path, const std::string& value) {
    const Fd fd(check(::open(path.c_str(), O_WRONLY | O_CLOEXEC), "open"));
    return ::write(fd.get(), value.data(), value.size()) < 0 ? errno : 0;
}

} // namespace

TEST_F(Parameter, RootWithoutCapabilitiesIsRefused) {
    Helper(nullptr, [](Channel&) {
        drop_capabilities();
        compare("check", EPERM, read_error(path("check")));
        for (const auto* name : {"enabled", "max_sockets", "max_tasks", "max_exits"}) {
            const auto value = read_file(path(name));
            compare(name, EPERM, write_error(path(name), value));
        }
        if (::testing::Test::HasFailure())
            throw std::runtime_error("a parameter is open to root without capabilities");
    }).join();
}

TEST_F(Parameter, RootMaySet) {
    for (const auto* name : {"enabled", "max_sockets", "max_tasks", "max_exits"})
        compare(name, 0, write_error(path(name), read_file(path(name))));
    compare("check", 0, read_error(path("check")));
}
