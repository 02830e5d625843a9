// SPDX-License-Identifier: GPL-2.0-only
// The generic netlink family: what it says of everything together, and to whom.
#include "lib/guest_test.h"

#include <optional>

#include "lib/genl.h"
#include "uapi/netatop_netlink.h"

using namespace guest;

namespace {

constexpr std::size_t size = 20;

class NetlinkTotal : public GuestTest {
protected:
    void SetUp() override {
        GuestTest::SetUp();
        genl_.emplace();
    }
    void send_to_closed_port() const {
        send_to(udp_socket(Family::v4), pair_.b.at(Family::v4, 9), size, 3);
    }
    int answer_to(const std::vector<GenlAttribute>& attributes, bool dump) {
        std::vector<GenlSums> all;
        genl_->ask(NETATOP_CMD_GET_TOTAL, attributes, dump);
        while (genl_->next(all)) {
        }
        return genl_->error();
    }

    Pair& pair_ = standard_pair();
    std::optional<Genl> genl_; // once the module is there
};

} // namespace

TEST_F(NetlinkTotal, IsWhatProcTells) {
    Helper(pair_.a.ns, [this](Channel&) { send_to_closed_port(); }).join();
    ASSERT_EQ(ctl.force_gc(), 0);
    const auto total = genl_->total();
    ASSERT_TRUE(total);
    const auto status = module::Status::read();
    compare("all", status.counters("total"), total->counters);
    EXPECT_GE(total->counters.udp.out.packets, 3U);
    Counters parts;
    for (const auto& [part, label] :
         {std::pair{NETATOP_A_WAITING, "waiting"}, std::pair{NETATOP_A_KERNEL, "kernel"},
          std::pair{NETATOP_A_NOSOCKET, "nosocket"}, std::pair{NETATOP_A_GONE, "gone"},
          std::pair{NETATOP_A_OVERFLOW, "overflow"}, std::pair{NETATOP_A_EXITED, "exited"}}) {
        compare(label, status.counters(label), total->part(part));
        parts = parts + total->part(part);
    }
    for (const auto& task : genl_->tasks({}, true))
        parts = parts + task.counters;
    compare("the parts", total->counters, parts);
    EXPECT_GE(total->part(NETATOP_A_EXITED).udp.out.packets, 3U);
}

TEST_F(NetlinkTotal, StateOfTheModule) {
    const auto total = genl_->total();
    ASSERT_TRUE(total);
    const auto status = module::Status::read();
    for (const auto& [number, label] :
         {std::pair{NETATOP_A_SOCKETS, "#sockinfo"}, std::pair{NETATOP_A_TASKS, "#taskinfo"},
          std::pair{NETATOP_A_UNOWNED, "sockets without owner"},
          std::pair{NETATOP_A_RECORDS, "#taskexit"},
          std::pair{NETATOP_A_RECORDS_DROPPED, "exits dropped"},
          std::pair{NETATOP_A_PAUSES, "accounting pauses"}})
        compare(label, status.number(label), total->number(number));
    compare("accounting", std::uint64_t{1}, total->number(NETATOP_A_ACCOUNTING));
    timespec now{};
    check(::clock_gettime(CLOCK_BOOTTIME, &now), "clock_gettime");
    const auto since_boot = static_cast<std::uint64_t>(now.tv_sec + 1) * 1'000'000'000;
    EXPECT_GT(total->number(NETATOP_A_LOADED), 0U);
    EXPECT_LT(total->number(NETATOP_A_LOADED), since_boot);
}

TEST_F(NetlinkTotal, WhatElseIsRefused) {
    Helper person(nullptr, [](Channel& test) {
        check(::setuid(65534), "setuid");
        Genl genl;
        genl.total();
        test.send(genl.error());
    });
    compare("to a person", EPERM, person.receive<int>());
    compare("a dump", EOPNOTSUPP, answer_to({}, true));
    compare("unknown", EINVAL, answer_to({GenlAttribute::number(0x3ff, 1)}, false));
}
