// SPDX-License-Identifier: GPL-2.0-only
// Loading and unloading, again and again, idle and under traffic: nothing stays behind. Parameters.
#include "lib/guest_test.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "lib/command.h"
#include "lib/slabs.h"

using namespace guest;

namespace {

constexpr unsigned loads = 50;
constexpr unsigned warm_up = 4; // first loads fill caches of the kernel itself

class Load : public GuestTest {
protected:
    void TearDown() override {
        GuestTest::TearDown();
        module::reload();
    }
};

// A connection that leaves nothing in the kernel's tables when it is closed.
Fd connected_without_trace(const Address& to) {
    Fd connection = tcp_connected(to);
    const linger reset{1, 0};
    check(::setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), "linger");
    return connection;
}

// Datagrams and short TCP connections, there and back, until killed. One of each is a round.
class Busy {
public:
    explicit Busy(Family family)
        : server_(pair_.b.ns,
                  [&](Channel& test) {
                      const Fd udp = udp_bound(pair_.b.at(family));
                      const Fd listener = tcp_listener(pair_.b.at(family));
                      test.send(Address::local_of(udp.get()).port());
                      test.send(Address::local_of(listener.get()).port());
                      for (;;) {
                          const Fd connection = tcp_accept(listener);
                          echo(udp);
                          write_stream(connection, read_stream(connection, 100));
                      }
                  }),
          client_(pair_.a.ns, [&, udp_port = server_.receive<std::uint16_t>(),
                               tcp_port = server_.receive<std::uint16_t>()](Channel& test) {
              const Fd udp = udp_connected(pair_.b.at(family, udp_port));
              for (;;) {
                  const Fd connection = connected_without_trace(pair_.b.at(family, tcp_port));
                  send_connected(udp, 100);
                  receive(udp);
                  write_stream(connection, 100);
                  read_stream(connection, 100);
                  test.signal();
              }
          }) {}

    void await_round() {
        while (client_.channel().ready(1))
            client_.wait();
        client_.wait();
    }

private:
    Pair& pair_ = standard_pair();
    Helper server_;
    Helper client_;
};

void load_and_unload(Busy* busy) {
    ASSERT_EQ(module::load(), 0);
    if (busy)
        busy->await_round();
    ASSERT_EQ(module::unload(), 0);
    if (busy)
        busy->await_round();
}

// Half of the times under traffic.
void load_often(unsigned times) {
    for (unsigned i = 0; i < times / 2; i++)
        load_and_unload(nullptr);
    Busy v4(Family::v4);
    Busy v6(Family::v6);
    for (unsigned i = 0; i < times / 2; i++)
        load_and_unload(i % 2 ? &v4 : &v6);
}

// The caches that hold more objects than before.
Slabs growth_since(const Slabs& before) {
    Slabs growth;
    for (const auto& [name, active] : general_slabs())
        if (const auto was = before.count(name) ? before.at(name) : 0; active > was)
            growth[name] = active - was;
    return growth;
}

// Caches that grow by one object, at least, for each time that the module is loaded, however long
// one waits for what the kernel frees later.
std::set<std::string> growing_caches() {
    const auto before = general_slabs();
    load_often(loads);
    Slabs growth;
    eventually(
        [&] {
            growth = growth_since(before);
            return std::all_of(growth.begin(), growth.end(),
                               [](const auto& slab) { return slab.second < loads / 2; });
        },
        std::chrono::seconds(20));
    std::set<std::string> growing;
    for (const auto& [name, objects] : growth) {
        std::cout << scenario() << ": " << name << ": expected less than " << loads
                  << " objects more, got " << objects << std::endl;
        if (objects >= loads)
            growing.insert(name);
    }
    return growing;
}

std::filesystem::path parameter(const std::string& name) {
    return "/sys/module/netatop/parameters/" + name;
}

} // namespace

TEST_F(Load, FiftyTimesLeavesNothingBehind) {
    ASSERT_EQ(module::unload(), 0);
    load_often(warm_up);
    const auto percpu = percpu_memory();
    auto growing = growing_caches();
    compare("caches of the module", std::size_t{0}, slabs_named("netatop").size());
    // The free part of a slab that a CPU allocates from counts as used; of small objects that can
    // be more than these, by chance, but not each time.
    if (!growing.empty())
        growing = growing_caches();
    for (const auto& name : growing)
        ADD_FAILURE() << name << " grows";
    compare("per-CPU memory, kB", percpu, percpu_memory());
}

TEST_F(Load, TrafficGoesOnAndIsCounted) {
    Busy busy(Family::v4);
    ASSERT_EQ(module::unload(), 0);
    ASSERT_EQ(module::load(), 0);
    for (int i = 0; i < 5; i++)
        busy.await_round();
    EXPECT_GE(module::counters("total").udp.out.packets, 4U);
}

TEST_F(Load, SecondCopyIsRefused) {
    compare("insmod", EEXIST, module::load());
}

TEST_F(Load, ParametersAreTaken) {
    module::reload("max_sockets=1000 max_tasks=500 max_exits=200");
    for (const auto& [name, value] :
         {std::pair{"max_sockets", "1000\n"}, {"max_tasks", "500\n"}, {"max_exits", "200\n"}})
        compare(name, std::string(value), read_file(parameter(name)));
}

TEST_F(Load, WrongParametersAreRefused) {
    ASSERT_EQ(module::unload(), 0);
    for (const std::string text : {"max_sockets=x", "max_tasks=-", "max_exits=1e3"})
        compare(text, EINVAL, module::load(text));
    compare("loaded", false, module::loaded());
}

TEST_F(Load, FailsCleanlyAtEachStep) {
    if (!module::debug_build())
        GTEST_SKIP() << "needs the debug build";
    unsigned failed = 0;
    for (int error = ENOMEM; error; failed++) {
        ASSERT_EQ(module::unload(), 0);
        error = module::load("fail_step=" + std::to_string(failed + 1));
        ASSERT_TRUE(error == 0 || error == ENOMEM) << "step " << failed + 1 << ": " << error;
        if (error) {
            ASSERT_FALSE(module::loaded());
            ASSERT_EQ(slabs_named("netatop").size() + slabs_named("nta_").size(), 0U);
            ASSERT_EQ(module::load(), 0) << "after step " << failed + 1 << " failed";
        }
    }
    std::cout << scenario() << ": " << failed - 1 << " steps failed" << std::endl;
    EXPECT_GE(failed, 10U);
}

TEST_F(Load, RefusedWhenASelfTestFails) {
    if (!module::debug_build())
        GTEST_SKIP() << "needs the debug build";
    ASSERT_EQ(module::unload(), 0);
    compare("self-test fails", EINVAL, module::load("fail_selftest=1"));
    compare("loaded", false, module::loaded());
    ASSERT_EQ(module::load(), 0);
}

TEST_F(Load, AuditNoticesBrokenCrediting) {
    if (!module::debug_build())
        GTEST_SKIP() << "needs the debug build";
    module::reload("break_credit=1");
    const auto& pair = standard_pair();
    UdpParties parties(pair.a.ns, pair.b.ns, pair.b.at(Family::v4));
    parties.send(100, 5);
    ctl.process_counters(parties.sender.pid());
    const auto said = module::audit();
    std::cout << scenario() << ": " << said << std::endl;
    compare("audit is wrong", true, module::audit_is_wrong(said));
    module::reload();
    compare("audit", std::string("ok"), module::audit());
}

TEST_F(Load, FullSocketTableIsCounted) {
    module::reload("max_sockets=8");
    const auto& pair = standard_pair();
    const auto carried = pair.a.carried();
    Helper sender(pair.a.ns, [&](Channel& test) {
        std::vector<Fd> sockets;
        for (int i = 0; i < 40; i++) {
            sockets.push_back(udp_socket(Family::v4));
            send_to(sockets.back(), pair.b.at(Family::v4, 9), 10);
        }
        test.signal();
        test.wait();
    });
    sender.wait();
    const auto status = module::Status::read();
    EXPECT_LE(status.number("#sockinfo"), 8U);
    // A slow machine collects idle sockets meanwhile, which makes room for others.
    EXPECT_GT(status.number("#sockinfo", 1), 0U) << "overflow";
    Ctl client;
    compare_soon("process and overflow", (pair.a.carried() - carried).out, [&] {
        return (client.process_counters(sender.pid()) + module::counters("overflow")).udp.out;
    });
}
