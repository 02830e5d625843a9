// SPDX-License-Identifier: GPL-2.0-only
#include "client_fixture.h"

#include <unistd.h>

namespace netatop::test {

namespace {

class ClientTest : public WithClient {
protected:
    // All of a dump: numbers of tasks, and the error that ended it.
    struct Seen {
        std::vector<std::uint32_t> tasks;
        std::optional<Error> error;
    };
    Seen dump(std::vector<Bytes> answers) {
        const auto opened = client();
        kernel.script(std::move(answers));
        Seen seen;
        for (const auto& task : opened.tasks({})) {
            EXPECT_FALSE(seen.error) << "nothing follows an error";
            if (task)
                seen.tasks.push_back(task->tgid);
            else
                seen.error = task.error();
        }
        return seen;
    }
};

} // namespace

TEST_F(ClientTest, OneProcess) {
    auto opened = client({task(4711, 2)});
    const auto found = opened.process(4711);
    ASSERT_TRUE(found && *found);
    const Task& one = **found;
    EXPECT_EQ(one.tgid, 4711U);
    EXPECT_FALSE(one.pid);
    EXPECT_FALSE(one.end);
    EXPECT_EQ(one.start, 7000000000U);
    EXPECT_EQ(one.name, "curl");
    EXPECT_EQ(one.uid, 1000U);
    EXPECT_EQ(one.cgroup, 42U);
    const Counters expected{{4711, 4712}, {4713, 4714}, {4715, 4716}, {4717, 4718}};
    EXPECT_EQ(one.counters, expected);
}

TEST_F(ClientTest, RequestsAreWellFormed) {
    auto opened = client({task(4711, 2)});
    (void)opened.process(4711);
    EXPECT_EQ(kernel.asked(0), message(GENL_ID_CTRL,
                                       raw(genlmsghdr{CTRL_CMD_GETFAMILY, 2, 0}) +
                                           text(CTRL_ATTR_FAMILY_NAME, "netatop"),
                                       1, NLM_F_REQUEST));
    EXPECT_EQ(kernel.asked(0), message(family_id,
                                       raw(genlmsghdr{NETATOP_CMD_GET_TASK, 1, 0}) +
                                           attribute(NETATOP_A_TGID, raw(std::uint32_t{4711})),
                                       2, NLM_F_REQUEST));
    kernel.script({done()});
    for (const auto& none : opened.tasks({true, 17}))
        ADD_FAILURE() << none->tgid;
    EXPECT_EQ(kernel.asked(1), message(family_id,
                                       raw(genlmsghdr{NETATOP_CMD_GET_TASK, 1, 0}) +
                                           attribute(NETATOP_A_THREADS, {}) +
                                           attribute(NETATOP_A_TGID, raw(std::uint32_t{17})),
                                       1, NLM_F_REQUEST | NLM_F_DUMP));
}

TEST_F(ClientTest, NobodyIsNoError) {
    auto opened = client({error(ESRCH, nullptr, 2)});
    const auto found = opened.process(4711);
    ASSERT_TRUE(found);
    EXPECT_FALSE(*found);
}

TEST_F(ClientTest, WhatAnotherRequestLeftIsPassedOver) {
    auto opened = client({task(1, 99), task(4711, 2)});
    const auto found = opened.process(4711);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->tgid, 4711U);
}

TEST_F(ClientTest, DumpOverSeveralDatagrams) {
    const auto seen = dump({task(1) + task(2), task(3), task(4) + done()});
    EXPECT_FALSE(seen.error);
    EXPECT_EQ(seen.tasks, (std::vector<std::uint32_t>{1, 2, 3, 4}));
}

TEST_F(ClientTest, EmptyDump) {
    const auto seen = dump({done()});
    EXPECT_FALSE(seen.error);
    EXPECT_TRUE(seen.tasks.empty());
}

TEST_F(ClientTest, DumpThatFailsInTheMiddle) {
    const auto seen = dump({task(1), done(1, -ENOMEM)});
    ASSERT_TRUE(seen.error);
    EXPECT_EQ(seen.error->code, ENOMEM);
    EXPECT_EQ(seen.tasks, (std::vector<std::uint32_t>{1}));
}

TEST_F(ClientTest, DumpOfMessagesOfOtherKinds) {
    const auto seen = dump({generic(77, {}) + task(1) + message(NLMSG_NOOP, {}) + done()});
    EXPECT_FALSE(seen.error);
    EXPECT_EQ(seen.tasks, (std::vector<std::uint32_t>{1}));
}

TEST_F(ClientTest, ADumpThatIsLeftDisturbsNoOther) {
    const auto opened = client();
    kernel.script({task(1) + task(2), done()});
    for (const auto& task : opened.tasks({})) {
        EXPECT_EQ(task->tgid, 1U);
        break;
    }
    kernel.script({task(3) + done()});
    for (const auto& task : opened.tasks({}))
        EXPECT_EQ(task->tgid, 3U);
}

TEST_F(ClientTest, DamagedDatagrams) {
    Bytes cut = task(1);
    cut.resize(cut.size() - 4);
    for (const auto& datagram :
         {cut, Bytes("short"), Bytes(16, '\0'), Bytes(16, '\xff'), Bytes(70000, '\0')}) {
        const auto seen = dump({datagram});
        ASSERT_TRUE(seen.error);
        EXPECT_EQ(seen.error->cause, Cause::version);
        EXPECT_TRUE(seen.tasks.empty());
    }
}

TEST_F(ClientTest, TheKernelGoesAway) {
    const auto opened = client();
    kernel.script({task(1)});
    auto dump = opened.tasks({});
    auto at = dump.begin();
    EXPECT_TRUE(*at);
    kernel.close(1);
    ++at;
    EXPECT_FALSE(*at);
    EXPECT_EQ(++at, dump.end());
}

TEST_F(ClientTest, ErrorsSayWhatToDo) {
    struct Case {
        Bytes answer;
        Cause cause;
        const char* words;
    };
    for (const auto& [answer, cause, words] :
         {Case{error(EPERM), Cause::privilege, "CAP_NET_ADMIN"},
          Case{error(ENOENT), Cause::module, "modprobe netatop"},
          Case{error(EOPNOTSUPP, "no such command"), Cause::version, "(no such command)"},
          Case{error(EOPNOTSUPP), Cause::version, "too old"},
          Case{error(EINVAL, "a dump is of all"), Cause::system, "(a dump is of all): Invalid"},
          Case{message(NLMSG_OVERRUN, {}), Cause::overrun, "lost"},
          Case{message(NLMSG_ERROR, "ab"), Cause::version, "malformed"},
          Case{message(NLMSG_ERROR, raw(-EPERM), 1, NLM_F_ACK_TLVS), Cause::version,
               "malformed"}}) {
        const auto seen = dump({answer});
        ASSERT_TRUE(seen.error) << words;
        EXPECT_EQ(seen.error->cause, cause) << words;
        EXPECT_NE(seen.error->text.find(words), std::string::npos) << seen.error->text;
    }
}

TEST_F(ClientTest, NoFamily) {
    kernel.script({error(ENOENT)});
    const auto opened = Client::open(kernel.connect());
    ASSERT_FALSE(opened);
    const bool loaded = ::access("/sys/module/netatop", F_OK) == 0;
    EXPECT_EQ(opened.error().cause, loaded ? Cause::version : Cause::module);
    EXPECT_NE(opened.error().text.find("modprobe netatop"), std::string::npos);
}

TEST_F(ClientTest, FamilyOfAnotherVersion) {
    kernel.script({family(2)});
    const auto opened = Client::open(kernel.connect());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().cause, Cause::version);
    EXPECT_NE(opened.error().text.find("version 2"), std::string::npos);
}

TEST_F(ClientTest, FamilyWithoutTheGroup) {
    for (const char* group : {"cgroup", "exit"}) {
        kernel.script({family(1, {group})});
        const auto opened = Client::open(kernel.connect());
        ASSERT_TRUE(opened);
        const auto ends = opened->ends({End::Of::task, End::Of::cgroup});
        ASSERT_FALSE(ends);
        EXPECT_EQ(ends.error().cause, Cause::version);
        EXPECT_NE(ends.error().text.find("too old"), std::string::npos) << ends.error().text;
    }
}

TEST_F(ClientTest, Exits) {
    const auto opened = client();
    kernel.script({task(7, 0, NETATOP_CMD_EXIT,
                        attribute(NETATOP_A_END, raw(std::uint64_t{9})) +
                            attribute(NETATOP_A_PARENT, raw(std::uint32_t{5})) +
                            attribute(NETATOP_A_NETNS, raw(std::uint32_t{4026531840}))) +
                   generic(77, {}, 0) + task(8, 0, NETATOP_CMD_EXIT)});
    auto exits = opened.exits();
    ASSERT_TRUE(exits);
    for (const std::uint32_t pid : {7, 8}) {
        const auto event = exits->next();
        ASSERT_TRUE(event && *event);
        EXPECT_EQ((*event)->of, End::Of::task);
        const Task* task = &(*event)->task;
        EXPECT_EQ(task->tgid, pid);
        EXPECT_EQ(task->end.has_value(), pid == 7);
        EXPECT_EQ(task->parent.value_or(0), pid == 7 ? 5U : 0U);
        EXPECT_EQ(task->netns.value_or(0), pid == 7 ? 4026531840U : 0U);
    }
    const auto none = exits->next();
    ASSERT_TRUE(none);
    EXPECT_FALSE(*none);
}

TEST_F(ClientTest, EndsOfBothKinds) {
    const auto opened = client();
    kernel.script({cgroup_end(17, 5, 100, 200), task(8, 0, NETATOP_CMD_EXIT)});
    auto ends = opened.ends({End::Of::task, End::Of::cgroup});
    ASSERT_TRUE(ends);
    EXPECT_EQ(kernel.heard(1), (Groups{GENL_ID_CTRL, 9, 10}));
    const auto first = ends->next();
    ASSERT_TRUE(first && *first);
    EXPECT_EQ((*first)->of, End::Of::cgroup);
    const Cgroup* ended = &(*first)->cgroup;
    EXPECT_EQ(ended->id, 17U);
    EXPECT_EQ(ended->parent, 5U);
    EXPECT_EQ(ended->own.tcp_sent.packets, 100U);
    EXPECT_EQ(ended->ended_below.tcp_sent.packets, 200U);
    const auto second = ends->next();
    ASSERT_TRUE(second && *second);
    EXPECT_EQ((*second)->of, End::Of::task);
    kernel.script({});
    ASSERT_TRUE(opened.cgroup_ends());
    EXPECT_EQ(kernel.heard(2), (Groups{GENL_ID_CTRL, 10}));
}

TEST_F(ClientTest, SocketsThatClose) {
    const auto opened = client();
    kernel.script({closed(99, 7, 100), closed(98, 0, 1)});
    auto ends = opened.ends({End::Of::socket});
    ASSERT_TRUE(ends);
    EXPECT_EQ(kernel.heard(1), (Groups{GENL_ID_CTRL, 11}));
    const auto first = ends->next();
    ASSERT_TRUE(first && *first);
    EXPECT_EQ((*first)->of, End::Of::socket);
    const Closed* closed = &(*first)->closed;
    EXPECT_EQ(closed->socket.cookie, 99U);
    EXPECT_EQ(closed->socket.protocol, 6U);
    EXPECT_EQ(closed->socket.netns, 4026531840U);
    EXPECT_FALSE(closed->socket.without_owner);
    EXPECT_EQ(closed->socket.counters.udp_received.bytes, 107U);
    EXPECT_EQ(closed->local.text(), "10.0.0.1:40000");
    EXPECT_EQ(closed->remote.text(), "10.0.0.2:443");
    EXPECT_EQ(closed->owner.tgid, 7U);
    EXPECT_EQ(closed->owner.name, "curl");
    EXPECT_EQ(closed->owner.start, 7000000000U);
    EXPECT_EQ(closed->owner.end, 9000000000U);
    EXPECT_EQ(closed->owner.cgroup, 42U);
    const auto second = ends->next();
    ASSERT_TRUE(second && *second);
    EXPECT_EQ((*second)->closed.owner.tgid, 0U);
    EXPECT_EQ((*second)->closed.socket.without_owner, std::uint32_t{NETATOP_CLASS_WAITING});
}

TEST_F(ClientTest, ClosedSocketsThatLackOrCutSomething) {
    const Bytes cookie = attribute(NETATOP_A_COOKIE, raw(std::uint64_t{5})) +
                         attribute(NETATOP_A_FAMILY, raw(std::uint32_t{AF_INET6}));
    for (const auto& attributes :
         {cookie, counters(1), cookie + counters(1) + attribute(NETATOP_A_LOCAL, "four"),
          cookie + counters(1) + attribute(NETATOP_A_REMOTE, "fifteen bytes.."),
          cookie + counters(1) + attribute(NETATOP_A_REMOTE_PORT, "ab")}) {
        const auto opened = client();
        kernel.script({generic(NETATOP_CMD_CLOSE, attributes, 0)});
        auto ends = opened.ends({End::Of::socket});
        ASSERT_TRUE(ends);
        const auto end = ends->next();
        ASSERT_FALSE(end);
        EXPECT_EQ(end.error().cause, Cause::version);
    }
}

TEST_F(ClientTest, AMalformedEndIsAnError) {
    const auto opened = client();
    kernel.script({generic(NETATOP_CMD_CGROUP_END, counters(1), 0)});
    auto ends = opened.ends({End::Of::task, End::Of::cgroup});
    ASSERT_TRUE(ends);
    const auto end = ends->next();
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().cause, Cause::version);
}

// Families of others come and go without a word.
TEST_F(ClientTest, TheModuleIsUnloaded) {
    const auto leaves = [](std::uint8_t command, std::uint16_t family) {
        return message(GENL_ID_CTRL,
                       raw(genlmsghdr{command, 2, 0}) + attribute(CTRL_ATTR_FAMILY_ID, raw(family)),
                       0);
    };
    const auto opened = client();
    kernel.script({leaves(CTRL_CMD_NEWFAMILY, family_id) + leaves(CTRL_CMD_DELFAMILY, 7) +
                   task(8, 0, NETATOP_CMD_EXIT) + leaves(CTRL_CMD_DELFAMILY, family_id)});
    auto exits = opened.exits();
    ASSERT_TRUE(exits);
    const auto event = exits->next();
    ASSERT_TRUE(event && *event);
    EXPECT_EQ((*event)->task.tgid, 8U);
    const auto last = exits->next();
    ASSERT_FALSE(last);
    EXPECT_EQ(last.error().cause, Cause::module);
    EXPECT_NE(last.error().text.find("modprobe netatop"), std::string::npos);
}

TEST_F(ClientTest, NotPermittedToListen) {
    const auto opened =
        Client::open([this, first = true](const Groups& groups) mutable -> Result<Descriptor> {
            if (!groups.empty())
                return system_error("cannot listen", EPERM);
            if (std::exchange(first, false))
                kernel.script({family()});
            return kernel.connect()(groups);
        });
    ASSERT_TRUE(opened);
    const auto exits = opened->exits();
    ASSERT_FALSE(exits);
    EXPECT_EQ(exits.error().cause, Cause::privilege);
}

// Without an address the kernel takes it for the sender of its own messages, and passes it over.
TEST(Netlink, AListenerHasAnAddress) {
    const auto socket = connect_generic({GENL_ID_CTRL}); // its group, which everybody may hear
    if (!socket)
        GTEST_SKIP() << socket.error().text;
    sockaddr_nl address{};
    socklen_t size = sizeof address;
    ASSERT_EQ(::getsockname(socket->get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    EXPECT_NE(address.nl_pid, 0U);
}

TEST_F(ClientTest, UnknownAttributesAndLongerCountersAreHarmless) {
    const Bytes longer =
        attribute(NETATOP_A_COUNTERS, raw(netatop_counters{1, 2, 3, 4, 5, 6, 7, 8}) + raw(9L));
    auto opened = client({generic(NETATOP_CMD_TASK,
                                  attribute(NETATOP_A_TGID, raw(std::uint32_t{5})) +
                                      attribute(999, "who knows") + longer,
                                  2)});
    const auto found = opened.process(5);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->counters.udp_received.bytes, 8U);
    EXPECT_FALSE((*found)->uid);
    EXPECT_FALSE((*found)->cgroup);
}

TEST_F(ClientTest, LoopbackIsToldApart) {
    for (const bool first : {true, false}) {
        const Bytes loopback = counters(1, NETATOP_A_LOOPBACK);
        auto opened =
            client({generic(NETATOP_CMD_TASK,
                            attribute(NETATOP_A_TGID, raw(std::uint32_t{5})) +
                                (first ? loopback + counters(100) : counters(100) + loopback),
                            2)});
        const auto found = opened.process(5);
        ASSERT_TRUE(found && *found);
        const Counters expected{{100, 101}, {102, 103}, {104, 105}, {106, 107},
                                {1, 2},     {3, 4},     {5, 6},     {7, 8}};
        EXPECT_EQ((*found)->counters, expected);
        EXPECT_EQ((*found)->counters.all().packets, 100U + 102 + 104 + 106);
    }
}

TEST_F(ClientTest, MessagesThatLackOrCutSomething) {
    const Bytes tgid = attribute(NETATOP_A_TGID, raw(std::uint32_t{5}));
    Bytes beyond = tgid + counters(1);
    beyond[0] = 100; // its first attribute would go on behind the message
    for (const auto& attributes :
         {Bytes(), tgid, counters(1), attribute(NETATOP_A_TGID, "ab") + counters(1),
          tgid + attribute(NETATOP_A_COUNTERS, raw(1L)), beyond,
          tgid + counters(1, NETATOP_A_LOOPBACK),
          tgid + counters(1) + attribute(NETATOP_A_LOOPBACK, raw(1L)),
          tgid + counters(1) + attribute(NETATOP_A_START, raw(1))}) {
        auto opened = client({generic(NETATOP_CMD_TASK, attributes, 2)});
        const auto found = opened.process(5);
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().cause, Cause::version);
    }
}

TEST_F(ClientTest, WithoutTheModule) {
    if (::access("/sys/module/netatop", F_OK) == 0 || !connect_generic({}))
        GTEST_SKIP() << "this system has the module, or no netlink";
    const auto opened = Client::open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().cause, Cause::module);
}

} // namespace netatop::test
