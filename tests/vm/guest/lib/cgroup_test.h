// SPDX-License-Identifier: GPL-2.0-only
// What scenarios of cgroups start from: the hierarchy, processes that send when they are told to,
// and what the module says of cgroups.
#pragma once

#include "lib/guest_test.h"

#include <sys/mount.h>
#include <sys/stat.h>

#include "lib/cgroups.h"
#include "uapi/netatop_netlink.h"

namespace guest {

class CgroupTest : public GuestTest {
protected:
    static constexpr std::size_t size = 20;
    static inline const std::string root = "/tmp/cgroup2";

    void SetUp() override {
        GuestTest::SetUp();
        ::mkdir(root.c_str(), 0755);
        if (::mount("none", root.c_str(), "cgroup2", 0, nullptr) != 0)
            GTEST_SKIP() << "no cgroup2 in this machine";
        const Inside inside(pair_.b.ns);
        sink_ = udp_bound(to());
    }
    void TearDown() override {
        ::umount(root.c_str());
        GuestTest::TearDown();
    }

    Address to() const { return pair_.b.at(Family::v4, 9); }
    // Sends as many datagrams as it is told, each time.
    Helper sender() const {
        return {pair_.a.ns, [this](Channel& test) { obey(test); }};
    }
    void obey(Channel& test) const {
        const Fd socket = udp_socket(Family::v4);
        while (const auto count = test.receive<unsigned>()) {
            send_to(socket, to(), size, count);
            test.signal();
        }
    }
    static void send(Helper& sender, unsigned count) {
        sender.send(count);
        sender.wait();
    }
    static void end(Helper& sender) {
        sender.send(0U);
        sender.join();
    }

    static Counters sent(std::uint64_t count) {
        return udp_out(datagrams(Family::v4, count, size));
    }
    static Counters own(std::uint64_t id) { return Genl().cgroups()[id].counters; }
    static Counters below(std::uint64_t id) {
        return Genl().cgroups()[id].part(NETATOP_A_ENDED_BELOW);
    }
    // What is told of the end of a cgroup; others end too.
    static std::optional<GenlSums> end_of(Genl& listener, std::uint64_t id) {
        for (;;) {
            auto heard = listener.heard_cgroup();
            if (!heard || heard->number(NETATOP_A_CGROUP) == id)
                return heard;
        }
    }
    // The collection notices the end of cgroups.
    static void expect_below(const std::string& what, const Counters& expected, std::uint64_t id) {
        eventually([&] { return below(id) == expected; });
        compare(what, expected, below(id));
    }
    // All cgroups and all classes are what was counted.
    static void expect_balance() {
        CgroupBooks books;
        eventually(
            [&] {
                books = read_cgroup_books();
                return books.balanced();
            },
            settling);
        compare("cgroups and classes", books.counted, books.credited);
        compare("cgroups and classes, over loopback", books.counted_loopback,
                books.credited_loopback);
    }

    Pair& pair_ = standard_pair();
    Fd sink_;
};

} // namespace guest
