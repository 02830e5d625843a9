// SPDX-License-Identifier: GPL-2.0-only
// Sums of cgroups: what their tasks carried, wherever these are now.
#include "lib/cgroup_test.h"

#include <array>
#include <deque>

#include "lib/threads.h"

using namespace guest;

namespace {

using Directory = CgroupDirectory;

class Cgroup : public CgroupTest {
protected:
    static Counters waiting(std::uint64_t id) {
        return Genl().cgroups()[id].part(NETATOP_A_WAITING);
    }
    // A process that runs `body` in the cgroup of `directory`, from its start.
    Helper within(const Directory& directory, const Namespace& ns,
                  const std::function<void(Channel&)>& body) const {
        return {ns, [&directory, body](Channel& test) {
                    directory.take(::getpid());
                    body(test);
                }};
    }
};

} // namespace

TEST_F(Cgroup, SumsAreThoseOfItsTasks) {
    const Directory first(root + "/first");
    const Directory second(root + "/second");
    Helper one = sender();
    Helper brief = sender();
    Helper other = sender();
    first.take(one.pid());
    first.take(brief.pid());
    second.take(other.pid());
    send(one, 3);
    send(brief, 2);
    send(other, 5);
    compare("first", sent(5), own(first.id()));
    compare("second", sent(5), own(second.id()));
    end(brief);
    compare("first, one ended", sent(5), own(first.id()));
    send(one, 1);
    compare("first, later", sent(6), own(first.id()));
    compare("nothing below", Counters{}, below(first.id()));
    end(one);
    end(other);
}

TEST_F(Cgroup, MigrationIsExact) {
    if (is_real_time_kernel())
        GTEST_SKIP() << "no tracepoint tells of it";
    const Directory before(root + "/before");
    const Directory after(root + "/after");
    Helper process = sender();
    before.take(process.pid());
    send(process, 3);
    after.take(process.pid());
    send(process, 4);
    compare("before", sent(3), own(before.id()));
    compare("after", sent(4), own(after.id()));
    // Back and forth without a look in between.
    for (unsigned i = 0; i < 10; i++) {
        before.take(process.pid());
        send(process, 1);
        after.take(process.pid());
        send(process, 2);
    }
    compare("before, at last", sent(13), own(before.id()));
    compare("after, at last", sent(24), own(after.id()));
    end(process);
}

// Through cgroups that nobody has sent in before, some of them more than once, and no look before
// the end.
TEST_F(Cgroup, ManyMigrationsWithoutALook) {
    if (is_real_time_kernel())
        GTEST_SKIP() << "no tracepoint tells of it";
    const std::array<Directory, 4> directories{Directory(root + "/0"), Directory(root + "/1"),
                                               Directory(root + "/2"), Directory(root + "/3")};
    const std::array<std::size_t, 9> way{0, 1, 2, 3, 1, 2, 0, 3, 1};
    std::array<unsigned, 4> expected{};
    Helper process = sender();
    for (unsigned i = 0; i < way.size(); i++) {
        directories.at(way.at(i)).take(process.pid());
        send(process, i + 1);
        expected.at(way.at(i)) += i + 1;
    }
    end(process);
    for (std::size_t i = 0; i < directories.size(); i++)
        compare(std::to_string(i), sent(expected.at(i)), own(directories.at(i).id()));
}

// What the kernel sends for a process that has ended is that of the cgroup of its socket.
TEST_F(Cgroup, SocketsOfEndedProcessesAreWhereTheyWereMade) {
    constexpr std::size_t length = 400000;
    const Directory directory(root + "/brief");
    const auto before = pair_.a.carried();
    Helper server(pair_.b.ns, [&](Channel& test) {
        const Fd listener = tcp_listener(pair_.b.at(Family::v4));
        set_option(listener, SOL_SOCKET, SO_RCVBUF, 8192);
        test.send(Address::local_of(listener.get()).port());
        const Fd connection = tcp_accept(listener);
        test.wait();
        test.send(read_to_end(connection));
        test.wait(); // its FIN would be answered without a socket
    });
    const auto port = server.receive<std::uint16_t>();
    within(directory, pair_.a.ns, [&](Channel&) {
        const Fd connection = tcp_connected(pair_.b.at(Family::v4, port));
        set_option(connection, SOL_SOCKET, SO_SNDBUFFORCE, 4 * length);
        write_stream(connection, length);
    }).join();
    const auto gone_before = module::counters("gone");
    server.signal();
    compare("received by the server", length, server.receive<std::uint64_t>());
    compare_settled(
        "all of the connection", [&] { return tcp(pair_.a.carried() - before); },
        [&] { return own(directory.id()); });
    compare("some of it later", true, !(module::counters("gone") == gone_before));
    server.signal();
    server.join();
}

// A socket that nobody holds waits in the cgroup where it was made, also when that has ended.
TEST_F(Cgroup, SocketsWithoutOwnerAreWhereTheyWereMade) {
    const Directory parent(root + "/parent");
    Directory directory(root + "/parent/maker");
    const auto received = udp_in(datagrams(Family::v4, 3, size));
    int wire[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM, 0, wire), "socketpair");
    const Fd one(wire[0]);
    const Fd other(wire[1]);
    Helper maker = within(directory, pair_.a.ns, [&](Channel& test) {
        Fd socket = udp_bound(pair_.a.at(Family::v4));
        test.send(Address::local_of(socket.get()).port());
        pass_descriptor(one.get(), socket);
    });
    const auto port = maker.receive<std::uint16_t>();
    maker.join();
    Helper(pair_.b.ns, [&](Channel&) {
        send_to(udp_socket(Family::v4), pair_.a.at(Family::v4, port), size, 3);
    }).join();
    compare("waiting", received, waiting(directory.id()));
    compare("not counted yet", Counters{}, own(directory.id()));
    directory.remove();
    EXPECT_TRUE(eventually([&] { return waiting(parent.id()) == received; }));
}

TEST_F(Cgroup, WhatEndsIsItsParents) {
    Genl listener;
    ASSERT_EQ(listener.listen(NETATOP_GENL_GROUP_CGROUP), 0);
    const Directory parent(root + "/parent");
    Directory child(root + "/parent/child");
    Directory grandchild(root + "/parent/child/grandchild");
    Helper in_child = sender();
    Helper in_grandchild = sender();
    child.take(in_child.pid());
    grandchild.take(in_grandchild.pid());
    send(in_child, 3);
    send(in_grandchild, 5);
    end(in_grandchild);
    const auto ended = grandchild.id();
    grandchild.remove();
    const auto heard = end_of(listener, ended);
    ASSERT_TRUE(heard);
    compare("below which", child.id(), heard->number(NETATOP_A_PARENT_CGROUP));
    compare("what it had", sent(5), heard->counters);
    compare("child, own", sent(3), own(child.id()));
    compare("child, below", sent(5), below(child.id()));
    end(in_child);
    const auto next = child.id();
    child.remove();
    ASSERT_TRUE(end_of(listener, next));
    compare("parent, own", Counters{}, own(parent.id()));
    compare("parent, below", sent(8), below(parent.id()));
}

TEST_F(Cgroup, PathsAreTold) {
    const auto with_zero = [](std::string path) { return path + '\0'; };
    Genl listener;
    ASSERT_EQ(listener.listen(NETATOP_GENL_GROUP_CGROUP), 0);
    const Directory parent(root + "/pa \"rent\\");
    Directory child(parent.path() + "/child");
    Helper process = sender();
    child.take(process.pid());
    send(process, 1);
    auto known = Genl().cgroups();
    EXPECT_EQ(known[parent.id()].path, with_zero("/pa \"rent\\"));
    EXPECT_EQ(known[child.id()].path, with_zero("/pa \"rent\\/child"));
    end(process);
    const auto ended = child.id();
    child.remove();
    const auto heard = end_of(listener, ended);
    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->path, with_zero("/pa \"rent\\/child"));
}

// A path of 1022 bytes is told, one of 1023 is not; both are counted.
TEST_F(Cgroup, ALongPathIsLeftOut) {
    std::deque<Directory> way; // those below go first
    std::string path;
    constexpr std::size_t part = 128;
    for (std::size_t i = 0; i < 7; i++) {
        path += '/' + std::string(part - 1, 'x');
        way.emplace_front(root + path);
    }
    const Directory longest(root + path + '/' + std::string(part - 3, 'y'));
    const Directory longer(root + path + '/' + std::string(part - 2, 'z'));
    Helper process = sender();
    longest.take(process.pid());
    send(process, 2);
    longer.take(process.pid());
    send(process, 3);
    auto known = Genl().cgroups();
    EXPECT_EQ(known[longest.id()].path.size(), 1023U);
    compare("the longest", sent(2), known[longest.id()].counters);
    EXPECT_EQ(known[longer.id()].path, "");
    compare("one longer", sent(3), known[longer.id()].counters);
    end(process);
}

TEST_F(Cgroup, AllAddUp) {
    const Directory some(root + "/some");
    Helper within = sender();
    Helper outside = sender();
    some.take(within.pid());
    send(within, 7);
    send(outside, 9);
    Helper(pair_.a.ns, [this](Channel&) {
        send_to(udp_socket(Family::v4), pair_.b.at(Family::v4, 10), size, 3); // nobody receives
    }).join();
    ASSERT_EQ(ctl.force_gc(), 0);
    expect_balance();
    end(within);
    end(outside);
}
