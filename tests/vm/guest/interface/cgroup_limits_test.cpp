// SPDX-License-Identifier: GPL-2.0-only
// Sums of cgroups where something is missing: a hierarchy, room, the module; and in containers.
#include "lib/cgroup_test.h"

#include <cstdlib>
#include <sched.h>

#include "lib/command.h"

using namespace guest;

namespace {

const std::string usual_root = "/sys/fs/cgroup";
const std::string named_root = "/tmp/cgroup1";

// For as long as it lives, the machine has one hierarchy, of version 1 and with a name alone.
class OnlyVersion1 {
public:
    OnlyVersion1() {
        ::umount2("/tmp/cgroup2", MNT_DETACH);
        ::umount2(usual_root.c_str(), MNT_DETACH);
        ::mkdir(named_root.c_str(), 0755);
        check(::mount("none", named_root.c_str(), "cgroup", 0, "none,name=guest"), "mount cgroup");
    }
    OnlyVersion1(const OnlyVersion1&) = delete;
    OnlyVersion1& operator=(const OnlyVersion1&) = delete;
    ~OnlyVersion1() {
        ::umount(named_root.c_str());
        ::mount("none", usual_root.c_str(), "cgroup2", 0, nullptr);
    }
};

class CgroupLimits : public CgroupTest {
protected:
    void TearDown() override {
        CgroupTest::TearDown();
        if (changed_)
            module::reload();
    }
    void reload(const std::string& parameters) {
        changed_ = true;
        module::reload(parameters);
    }
    static std::uint64_t root_id() {
        struct stat status {};
        check(::stat(root.c_str(), &status), "stat");
        return status.st_ino;
    }
    static std::uint64_t number(std::uint16_t type) { return Genl().total()->number(type); }
    // The sum is as of the last look at cgroups.
    static Counters nocgroup() {
        Genl().cgroups();
        return Genl().total()->part(NETATOP_A_NOCGROUP);
    }
    static bool known(const CgroupDirectory& cgroup) {
        return Genl().cgroups().count(cgroup.id()) != 0;
    }

private:
    bool changed_ = false;
};

} // namespace

TEST_F(CgroupLimits, ContainersHaveTheirOwn) {
    const CgroupDirectory apart(root + "/apart");
    const CgroupDirectory sharing(root + "/sharing");
    // A network of its own, in which it talks to itself.
    const Namespace network;
    Helper alone(network, [](Channel& test) {
        const Address self("127.0.0.1", 9);
        const Fd receiver = udp_bound(self);
        test.wait();
        send_to(udp_socket(Family::v4), self, size, 4);
        receive(receiver, 4);
        test.signal();
        test.wait();
    });
    // The network of others.
    Helper outer(pair_.a.ns, [&](Channel& test) {
        sharing.take(0);
        check(::unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWCGROUP), "unshare");
        Helper first(nullptr, [&](Channel&) { obey(test); });
        first.join();
    });
    apart.take(alone.pid());
    alone.step();
    send(outer, 6);
    const Flow looped{4, 4 * (size + ip_header(Family::v4) + udp_header)};
    ASSERT_EQ(ctl.force_gc(), 0); // not all kernels tell who receives
    compare_soon("a network of its own", udp({looped, looped}), [&] { return own(apart.id()); });
    compare("a shared network", sent(6), own(sharing.id()));
    end(outer);
    compare("a shared network, at last", sent(6), own(sharing.id()));
    expect_balance();
}

TEST_F(CgroupLimits, AllAreInTheRootWithoutVersion2) {
    const auto id = root_id();
    const auto before = own(id);
    {
        const OnlyVersion1 version1;
        CgroupDirectory group(named_root + "/group");
        Helper inside = sender();
        send(inside, 2);
        group.take(inside.pid());
        send(inside, 3);
        compare("root", sent(5).udp.out, own(id).udp.out - before.udp.out);
        end(inside);
        compare("root, at last", sent(5).udp.out, own(id).udp.out - before.udp.out);
        expect_balance();
    }
    compare("unknown", Counters{}, nocgroup());
}

TEST_F(CgroupLimits, TooManyAreCountedTogether) {
    reload("max_cgroups=3");
    Genl listener;
    ASSERT_EQ(listener.listen(NETATOP_GENL_GROUP_CGROUP), 0);
    CgroupDirectory first(root + "/first");
    const CgroupDirectory second(root + "/second");
    const CgroupDirectory third(root + "/third");
    Helper in_first = sender();
    Helper in_second = sender();
    Helper in_third = sender();
    first.take(in_first.pid());
    second.take(in_second.pid());
    third.take(in_third.pid());
    send(in_first, 3);
    send(in_second, 4);
    compare("first", sent(3), own(first.id())); // with the root, that is all there is room for
    send(in_third, 5);
    compare("without a cgroup", sent(5), nocgroup());
    compare("third", false, known(third));
    compare("known", 3ULL, number(NETATOP_A_CGROUPS));
    EXPECT_GT(number(NETATOP_A_CGROUP_OVERFLOWS), 0U);
    compare("second", sent(4), own(second.id()));
    expect_balance();

    end(in_first);
    ASSERT_TRUE(first.remove());
    ASSERT_TRUE(end_of(listener, first.id()));
    compare("without a cgroup, later", sent(5), nocgroup());
    send(in_third, 6); // whoever looked has had the process looked at, too
    compare("third, with room", sent(6), own(third.id()));
    compare("without a cgroup, at last", sent(5), nocgroup());
    compare("below the root", sent(3), below(root_id()));
    expect_balance();
    end(in_second);
    end(in_third);
}

// A cgroup for whose parent there was no room, when the module is unloaded.
TEST_F(CgroupLimits, NothingIsReferredToWhenItIsUnloaded) {
    CgroupDirectory top(root + "/top");
    {
        CgroupDirectory upper(root + "/top/upper");
        CgroupDirectory lower(root + "/top/upper/lower");
        reload("max_cgroups=2");
        Helper outside = sender();
        send(outside, 1); // the root is known
        Helper inside = sender();
        lower.take(inside.pid());
        send(inside, 3);
        write_file("/sys/module/netatop/parameters/max_cgroups", "1000");
        compare("unload", 0, module::unload());
        end(inside);
        end(outside);
    }
    eventually([&] { return top.dying_below() == 0; }, settling);
    compare("referred to", 0U, top.dying_below());
    module::require();
}

TEST_F(CgroupLimits, UnloadsUnderListenersAndCgroupsThatLive) {
    const CgroupDirectory some(root + "/some");
    CgroupDirectory brief(root + "/some/brief");
    Helper process = sender();
    Helper other = sender();
    some.take(process.pid());
    brief.take(other.pid());
    send(process, 3);
    send(other, 3);
    Genl listener;
    ASSERT_EQ(listener.listen(NETATOP_GENL_GROUP_CGROUP), 0);
    compare("some", sent(3), own(some.id()));
    end(other);
    ASSERT_TRUE(brief.remove());
    for (unsigned round = 1; round <= 3; round++) {
        compare("unload", 0, module::unload());
        send(process, 10); // nobody counts
        compare("load", 0, module::load());
        send(process, round);
        compare("some, anew", sent(round), own(some.id()));
        expect_balance();
    }
    eventually([&] { return some.dying_below() == 0; }, settling);
    compare("referred to", 0U, some.dying_below());
    end(process);
}
