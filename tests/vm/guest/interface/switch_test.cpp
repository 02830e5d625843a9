// SPDX-License-Identifier: GPL-2.0-only
// The parameter that switches accounting off and on: nothing is counted meanwhile, what was counted
// stays, and everything is exact again afterwards.
#include "lib/guest_test.h"

#include "lib/command.h"
#include "lib/genl.h"
#include "uapi/netatop_netlink.h"

using namespace guest;

namespace {

class Switch : public FamilyTest {
protected:
    void TearDown() override {
        turn(true);
        GuestTest::TearDown();
    }
    static void turn(bool on) {
        write_file("/sys/module/netatop/parameters/enabled", on ? "1" : "0");
    }
    static bool is_on() { return read_file("/sys/module/netatop/parameters/enabled") == "Y\n"; }
    static bool says(const std::string& line) {
        for (const auto& said : module::Status::read().lines)
            if (said == line)
                return true;
        return false;
    }
};

} // namespace

BOTH_FAMILIES(Switch);

TEST_P(Switch, NothingIsCountedWhileItIsOff) {
    const auto& pair = standard_pair();
    UdpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()));
    parties.send(100, 5);
    const auto before = datagrams(family(), 5, 100);
    expect_task("sender, on", parties.sender.pid(), udp_out(before));
    expect_task("receiver, on", parties.receiver.pid(), udp_in(before));

    turn(false);
    compare("the parameter is on", false, is_on());
    compare("/proc/netatop says so", true, says("accounting: off"));
    const auto total = module::counters("total");
    parties.send({100, 3000, 20000});
    compare("total meanwhile", total, module::counters("total"));
    expect_task("sender, off", parties.sender.pid(), udp_out(before));
    expect_task("receiver, off", parties.receiver.pid(), udp_in(before));

    turn(true);
    compare("the parameter is on", true, is_on());
    compare("/proc/netatop says so", true, says("accounting: on"));
    parties.send(100, 7);
    const auto both = datagrams(family(), 12, 100);
    expect_task("sender, on again", parties.sender.pid(), udp_out(both));
    expect_task("receiver, on again", parties.receiver.pid(), udp_in(both));
}

TEST_P(Switch, EverythingIsExactAgain) {
    turn(false);
    turn(true);
    const Pair pair;
    Ledger ledger(pair.a, pair.b);
    TcpParties connection(pair.a.ns, pair.b.ns, pair.b.at(family()), {family(), 30000, 9000, 3});
    connection.run();
    UdpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()));
    parties.send({1, 1400, 3000, 20000});
    ledger.compare();
}

// Whoever listens reads that something is missing.
TEST_P(Switch, AConnectionThatIsAboutToCloseIsMissed) {
    const Address here(family() == Family::v4 ? "127.0.0.1" : "::1", 7000);
    Genl closed;
    ASSERT_EQ(closed.listen(NETATOP_GENL_GROUP_CLOSE), 0);
    const Fd listener = tcp_listener(here);
    const Fd connection = tcp_connected(here);
    const Fd accepted = tcp_accept(listener);
    finish_writing(connection);
    turn(false);
    compare("error", ENOBUFS, closed.error_among_closed(1));
}

TEST_P(Switch, ProcessesThatEndMeanwhileLeaveTheirRecord) {
    const auto& pair = standard_pair();
    ExitReader reader;
    reader.drain();
    Helper sender(pair.a.ns, [&](Channel& test) {
        const Fd socket = udp_socket(family());
        send_to(socket, pair.b.at(family(), 9), 50, 6);
        test.signal();
        test.wait();
    });
    sender.wait();
    const pid_t pid = sender.pid();
    turn(false);
    sender.signal();
    sender.join();
    const auto record = reader.await(pid, patience);
    ASSERT_TRUE(record);
    compare("record", udp_out(datagrams(family(), 6, 50)), counters_of(*record));
}

TEST_P(Switch, LoadedWithoutAccounting) {
    module::reload("enabled=0");
    const auto& pair = standard_pair();
    UdpParties parties(pair.a.ns, pair.b.ns, pair.b.at(family()));
    parties.send(100, 5);
    compare("total", Counters{}, module::counters("total"));
    turn(true);
    parties.send(100, 5);
    expect_task("sender", parties.sender.pid(), udp_out(datagrams(family(), 5, 100)));
}

TEST_P(Switch, BackAndForthUnderTraffic) {
    const auto& pair = standard_pair();
    Helper sender(pair.a.ns, [&](Channel& test) {
        const Fd socket = udp_socket(family());
        for (unsigned sent = 0;; sent++) {
            send_to(socket, pair.b.at(family(), 9), sent % 4 ? 200 : 4000);
            if (sent % 64 == 0)
                test.signal();
        }
    });
    for (int i = 0; i < 6; i++) {
        turn(i % 2 != 0);
        while (sender.channel().ready(1))
            sender.wait();
        sender.wait();
    }
    compare("counted", true, ctl.process_counters(sender.pid()).udp.out.packets > 0);
}
