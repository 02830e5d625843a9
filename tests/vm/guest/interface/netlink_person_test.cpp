// SPDX-License-Identifier: GPL-2.0-only
// The generic netlink family, asked by a person without privileges: what is wholly his, and nothing
// of others.
#include "lib/guest_test.h"

#include <algorithm>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <optional>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <thread>

#include "lib/genl.h"
#include "uapi/netatop_netlink.h"

using namespace guest;

namespace {

constexpr std::size_t size = 20;
constexpr uid_t person = 1234;
constexpr uid_t another = 4321;

// glibc changes all threads of a process, the system calls one.
void set_uids(uid_t real, uid_t effective, uid_t saved) {
    check(::syscall(SYS_setresuid, real, effective, saved), "setresuid");
}

void drop_capabilities() {
    const __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
    check(::syscall(SYS_capset, &header, none), "capset");
}

// What a login does, but for the exec after which the kernel lets others look in again.
void become(uid_t uid) {
    check(::setgroups(0, nullptr), "setgroups");
    check(::setresgid(uid, uid, uid), "setresgid");
    check(::setresuid(uid, uid, uid), "setresuid");
}
void be_open() {
    check(::prctl(PR_SET_DUMPABLE, 1), "prctl");
}

// A process that has sent a datagram and lives on, after `be`.
class Subject {
public:
    explicit Subject(const std::function<void()>& be)
        : helper_(nullptr, [&be](Channel& test) {
              const Fd socket = udp_bound(Address("127.0.0.1", 0));
              send_to(socket, Address::local_of(socket.get()), size);
              be();
              test.signal();
              test.wait();
          }) {
        helper_.wait();
    }
    std::uint32_t tgid() const { return static_cast<std::uint32_t>(helper_.pid()); }

private:
    Helper helper_;
};

// What somebody gets.
struct Seen {
    unsigned tasks = 0;   // all that a dump has
    unsigned threads = 0; // the same
    unsigned sockets = 0; // the same
    bool subject = false; // is that one among each of them?
    int asked = 0;        // error of a question about it
    int of_nobody = 0;    // the same about a number that nobody has
};

Seen look(std::uint32_t subject, Genl&& genl) {
    Seen seen;
    const auto is_it = [&](const auto& one) { return one.tgid == subject; };
    const auto tasks = genl.tasks({}, true);
    const auto threads = genl.tasks({GenlAttribute::flag(NETATOP_A_THREADS)}, true);
    const auto sockets = genl.socks();
    seen.tasks = static_cast<unsigned>(tasks.size());
    seen.threads = static_cast<unsigned>(threads.size());
    seen.sockets = static_cast<unsigned>(sockets.size());
    seen.subject = std::any_of(tasks.begin(), tasks.end(), is_it) &&
                   std::any_of(threads.begin(), threads.end(), is_it) &&
                   std::any_of(sockets.begin(), sockets.end(), is_it);
    genl.tasks({GenlAttribute::number(NETATOP_A_TGID, subject)}, false);
    seen.asked = genl.error();
    genl.tasks({GenlAttribute::number(NETATOP_A_TGID, 0x3fffff)}, false);
    seen.of_nobody = genl.error();
    return seen;
}

// What a person gets who has become one by `be`.
Seen seen_by(std::uint32_t subject, const std::function<void()>& be) {
    Helper reader(nullptr, [&](Channel& test) {
        be();
        test.send(look(subject, Genl()));
    });
    return reader.receive<Seen>();
}
Seen seen_by_person(const Subject& subject) {
    return seen_by(subject.tgid(), [] { become(person); });
}

void expect_sees_it_alone(const Seen& seen) {
    compare("processes", 1U, seen.tasks);
    compare("threads", 1U, seen.threads);
    compare("sockets", 1U, seen.sockets);
    compare("the one", true, seen.subject);
    compare("asked", 0, seen.asked);
}
void expect_sees_nothing(const Seen& seen) {
    compare("processes", 0U, seen.tasks);
    compare("threads", 0U, seen.threads);
    compare("sockets", 0U, seen.sockets);
    compare("asked", ESRCH, seen.asked);
    compare("asked for nobody", ESRCH, seen.of_nobody);
}

class NetlinkPerson : public GuestTest {
protected:
    // What is sent before a module is there, it does not know.
    void SetUp() override {
        GuestTest::SetUp();
        root_.emplace([] {});
    }

    // Somebody else's, always there.
    std::optional<Subject> root_;
};

} // namespace

TEST_F(NetlinkPerson, SeesWhatIsHis) {
    const Subject his([] {
        become(person);
        be_open();
    });
    const Subject others([] {
        become(another);
        be_open();
    });
    expect_sees_it_alone(seen_by_person(his));
    compare("another's, asked", ESRCH, seen_by_person(others).asked);
    compare("root's, asked", ESRCH, seen_by_person(*root_).asked);
    const auto by_root = seen_by(his.tgid(), [] {});
    compare("root sees it", true, by_root.subject);
    EXPECT_GE(by_root.tasks, 3U);
}

TEST_F(NetlinkPerson, NotOfAnotherGroup) {
    const Subject his([] {
        check(::setresgid(another, another, another), "setresgid");
        check(::setresuid(person, person, person), "setresuid");
        be_open();
    });
    expect_sees_nothing(seen_by_person(his));
}

TEST_F(NetlinkPerson, NotWhatHasAnotherUserInAnyPlace) {
    const std::vector<std::function<void()>> kinds{
        [] { check(::setresuid(person, person, 0), "setresuid"); },
        [] { check(::setresuid(person, 0, person), "setresuid"); },
        [] { check(::setresuid(0, person, person), "setresuid"); },
        [] {
            check(::setresuid(person, person, 0), "setresuid");
            check(::setresuid(person, 0, 0), "setresuid"); // as a set-uid program
        },
        [] {
            check(::prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP), "prctl");
            check(::setresuid(person, person, person), "setresuid");
            ::setfsuid(another);
            drop_capabilities();
        }};
    for (const auto& be : kinds) {
        const Subject subject([&] {
            check(::setresgid(person, person, person), "setresgid");
            be();
            be_open();
        });
        compare("asked", ESRCH, seen_by_person(subject).asked);
        expect_sees_nothing(seen_by_person(subject));
    }
}

TEST_F(NetlinkPerson, NotWhatHasAThreadOfAnotherUser) {
    const Subject subject([] {
        check(::setresgid(person, person, person), "setresgid");
        std::thread([] { ::pause(); }).detach(); // stays root's
        set_uids(person, person, person);
        be_open();
    });
    expect_sees_nothing(seen_by_person(subject));
}

TEST_F(NetlinkPerson, NotWhatMayNotBeLookedInto) {
    const Subject dropped([] { become(person); }); // and holds what root gave it
    expect_sees_nothing(seen_by_person(dropped));
    const Subject closed([] {
        become(person);
        be_open();
        check(::prctl(PR_SET_DUMPABLE, 0), "prctl");
    });
    expect_sees_nothing(seen_by_person(closed));
}

TEST_F(NetlinkPerson, NotWhatCanDoMore) {
    const Subject subject([] {
        check(::prctl(PR_SET_KEEPCAPS, 1), "prctl");
        become(person);
        be_open();
    });
    expect_sees_nothing(seen_by_person(subject));
}

TEST_F(NetlinkPerson, HimselfAlsoWhenClosed) {
    Helper reader(nullptr, [](Channel& test) {
        const Fd socket = udp_bound(Address("127.0.0.1", 0));
        send_to(socket, Address::local_of(socket.get()), size);
        become(person);
        test.send(look(static_cast<std::uint32_t>(::getpid()), Genl()));
    });
    expect_sees_it_alone(reader.receive<Seen>());
}

TEST_F(NetlinkPerson, ASetUidProgramGetsNothingForHim) {
    const Subject his([] {
        become(person);
        be_open();
    });
    // His socket, and then a program that is root: neither as whom it runs nor as who called it.
    Helper reader(nullptr, [&](Channel& test) {
        check(::setresgid(person, person, person), "setresgid");
        check(::setresuid(person, person, 0), "setresuid");
        Genl opened;
        check(::setresuid(person, 0, 0), "setresuid");
        test.send(look(his.tgid(), std::move(opened)));
    });
    expect_sees_nothing(reader.receive<Seen>());
}

TEST_F(NetlinkPerson, RootOfAUserNamespaceIsAPerson) {
    const Subject outside([] {
        become(person);
        be_open();
    });
    expect_sees_nothing(seen_by(outside.tgid(), [] {
        become(person);
        check(::unshare(CLONE_NEWUSER | CLONE_NEWNET), "unshare");
    }));
    expect_sees_nothing(
        seen_by(root_->tgid(), [] { check(::unshare(CLONE_NEWUSER | CLONE_NEWNET), "unshare"); }));
    // What runs in it is his.
    Helper contained(nullptr, [](Channel& test) {
        const Fd socket = udp_bound(Address("127.0.0.1", 0));
        become(person);
        check(::unshare(CLONE_NEWUSER), "unshare");
        be_open();
        Helper inside(nullptr, [&socket](Channel& parent) {
            be_open();
            send_to(socket, Address::local_of(socket.get()), size);
            parent.signal();
            parent.wait();
        });
        inside.wait();
        test.send(look(static_cast<std::uint32_t>(inside.pid()), Genl()));
    });
    expect_sees_it_alone(contained.receive<Seen>());
}

TEST_F(NetlinkPerson, NothingOutsideHisPidNamespace) {
    const Subject outside([] {
        become(person);
        be_open();
    });
    Helper reader(nullptr, [&](Channel& test) {
        check(::unshare(CLONE_NEWPID), "unshare");
        Helper inside(nullptr, [&](Channel& parent) {
            become(person);
            parent.send(look(outside.tgid(), Genl()));
        });
        test.send(inside.receive<Seen>());
    });
    expect_sees_nothing(reader.receive<Seen>());
}
