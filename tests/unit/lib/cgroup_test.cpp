// SPDX-License-Identifier: GPL-2.0-only
// Cgroups, as the module tells of them.
#include "client_fixture.h"

namespace netatop::test {

namespace {

Counters from(std::uint64_t first) {
    return {
        {first, first + 1}, {first + 2, first + 3}, {first + 4, first + 5}, {first + 6, first + 7}};
}

class CgroupTest : public WithClient {
protected:
    Result<std::optional<Cgroup>> parsed(const Bytes& attributes) {
        return client({generic(NETATOP_CMD_CGROUP, attributes, 2)}).cgroup(5);
    }
};

const Bytes id = attribute(NETATOP_A_CGROUP, raw(std::uint64_t{5}));

} // namespace

TEST_F(CgroupTest, Dump) {
    const auto opened = client();
    kernel.script({cgroup(1, 0, 10, 20) + cgroup(5, 1, 30), done()});
    std::vector<Cgroup> seen;
    for (const auto& one : opened.cgroups()) {
        ASSERT_TRUE(one) << one.error().text;
        seen.push_back(*one);
    }
    EXPECT_EQ(kernel.asked(1), message(family_id, raw(genlmsghdr{NETATOP_CMD_GET_CGROUP, 1, 0}), 1,
                                       NLM_F_REQUEST | NLM_F_DUMP));
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].id, 1U);
    EXPECT_EQ(seen[0].parent, 0U);
    EXPECT_EQ(seen[0].own, from(10));
    EXPECT_EQ(seen[0].ended_below, from(20));
    EXPECT_EQ(seen[1].parent, 1U);
    EXPECT_EQ(seen[1].own, from(30));
    EXPECT_EQ(seen[1].ended_below, Counters{});
}

TEST_F(CgroupTest, OneById) {
    auto opened = client({cgroup(5, 1, 30, 0, 2)});
    const auto found = opened.cgroup(5);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->own, from(30));
    (void)kernel.asked(0);
    EXPECT_EQ(
        kernel.asked(0),
        message(family_id, raw(genlmsghdr{NETATOP_CMD_GET_CGROUP, 1, 0}) + id, 2, NLM_F_REQUEST));
}

// The module's word for one that it does not know is the kernel's for a family that has gone.
TEST_F(CgroupTest, NobodyOrNoModule) {
    const auto none =
        client({error(ENOENT, nullptr, 2), family(1, {"exit", "cgroup"}, 3)}).cgroup(5);
    ASSERT_TRUE(none) << none.error().text;
    EXPECT_FALSE(*none);
    const auto gone = client({error(ENOENT, nullptr, 2), error(ENOENT, nullptr, 3)}).cgroup(5);
    ASSERT_FALSE(gone);
    EXPECT_NE(gone.error().text.find("modprobe netatop"), std::string::npos);
}

TEST_F(CgroupTest, ErrorsSayWhatToDo) {
    const auto old = client({error(EOPNOTSUPP, nullptr, 2)}).cgroup(5);
    ASSERT_FALSE(old);
    EXPECT_EQ(old.error().cause, Cause::version);
    EXPECT_NE(old.error().text.find("too old"), std::string::npos) << old.error().text;
    EXPECT_NE(old.error().text.find("upgrade netatop-dkms"), std::string::npos);
    const auto opened = client();
    kernel.script({error(EPERM)});
    int elements = 0;
    for (const auto& one : opened.cgroups()) {
        ASSERT_FALSE(one);
        EXPECT_EQ(one.error().cause, Cause::privilege);
        EXPECT_NE(one.error().text.find("CAP_NET_ADMIN"), std::string::npos);
        ++elements;
    }
    EXPECT_EQ(elements, 1);
}

TEST_F(CgroupTest, NestsThatAreThere) {
    const auto found = parsed(id + nest(NETATOP_A_WAITING, counters(70)) + counters(30) +
                              nest(NETATOP_A_GONE, counters(1)) + attribute(999, "who knows"));
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->own, from(30));
    EXPECT_EQ((*found)->waiting, from(70));
    const auto loopback =
        parsed(id + counters(30) + counters(2, NETATOP_A_LOOPBACK) +
               nest(NETATOP_A_WAITING, counters(70) + counters(3, NETATOP_A_LOOPBACK)));
    ASSERT_TRUE(loopback && *loopback);
    EXPECT_EQ((*loopback)->own.loopback_tcp_sent, (Flow{2, 3}));
    EXPECT_EQ((*loopback)->waiting.loopback_udp_received, (Flow{9, 10}));
    EXPECT_EQ((*loopback)->waiting.udp_received, (Flow{76, 77}));
    const auto empty = parsed(id + counters(30) + nest(NETATOP_A_WAITING, {}) +
                              nest(NETATOP_A_ENDED_BELOW, attribute(999, "who knows")));
    ASSERT_TRUE(empty && *empty);
    EXPECT_EQ((*empty)->waiting, Counters{});
    EXPECT_EQ((*empty)->ended_below, Counters{});
}

TEST_F(CgroupTest, MessagesThatLackOrCutSomething) {
    Bytes beyond = nest(NETATOP_A_ENDED_BELOW, counters(1));
    beyond[4] = 100; // what is in it would go on behind it
    for (const auto& attributes :
         {Bytes(), id, counters(1),
          attribute(NETATOP_A_CGROUP, raw(std::uint64_t{0})) + counters(1),
          attribute(NETATOP_A_CGROUP, "abcd") + counters(1),
          id + attribute(NETATOP_A_COUNTERS, raw(1L)), id + counters(1) + beyond,
          id + counters(1) + nest(NETATOP_A_WAITING, attribute(NETATOP_A_COUNTERS, raw(1L))),
          id + counters(1) + attribute(NETATOP_A_PARENT_CGROUP, raw(1))}) {
        const auto found = parsed(attributes);
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().cause, Cause::version);
    }
}

} // namespace netatop::test
