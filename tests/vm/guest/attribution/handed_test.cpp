// SPDX-License-Identifier: GPL-2.0-only
// Sockets that a part of the kernel uses as its own: those that user space has made and handed
// over, those that it accepts on such ones, and those that it makes in a user's system call. They
// are the kernel's, not those of whoever reads the disk, and nobody looks for their holders for
// ever.
#include "lib/guest_test.h"

#include <cstring>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "lib/command.h"
#include "lib/disk.h"

using namespace guest;

namespace {

constexpr std::uint16_t port = 4000;

class Handed : public FamilyTest {
protected:
    static bool have(std::initializer_list<const char*> modules) {
        try {
            for (const auto* name : modules)
                run({"modprobe", name});
        } catch (const std::exception&) {
            return false;
        }
        return true;
    }

    // A process of b that accepts one connection and serves it.
    Helper server(void (*serve)(const Fd&)) const {
        return {pair_.b.ns, [this, serve](Channel& test) {
                    const Fd listener = tcp_listener(pair_.b.at(family(), port));
                    test.signal();
                    Fd connection = tcp_accept(listener);
                    test.signal();
                    serve(connection);
                    connection.close();
                    test.wait();
                }};
    }
    Fd connected() const {
        const Inside inside(pair_.a.ns);
        return tcp_connected(pair_.b.at(family(), port));
    }

    // From now on, what a side carries is the kernel's, and so is what waits.
    struct Start {
        const Side& side;
        Traffic carried;
        Traffic kernel;
    };
    static Traffic in_class(const std::string& label) { return module::counters(label).both(); }
    static Start start(const Side& side) {
        Traffic before;
        eventually([&] { // acknowledgements are delayed
            before = side.carried();
            std::this_thread::sleep_for(milliseconds(200));
            return side.carried() == before;
        });
        return {side, before, in_class("kernel") + in_class("waiting")};
    }
    static void expect_kernel(const Start& start) {
        compare_settled(
            "kernel", [&] { return start.side.carried() - start.carried; },
            [&] { return in_class("kernel") - start.kernel; });
        compare_soon("waiting", Traffic{}, [] { return in_class("waiting"); });
    }
    void expect_none_of(const std::string& who, const Helper& helper) const {
        compare(who + " has counters", false, ctl.process(helper.pid()).has_value());
    }
    // Longer than walks rest at most.
    void expect_no_walks() const {
        if (family() != Family::v4)
            return; // once is enough
        const auto walks = [] { return module::Status::read().number("owner walks"); };
        const auto before = walks();
        std::this_thread::sleep_for(milliseconds(6000));
        compare("walks while nothing is new", before, walks());
    }

    const Pair pair_;
};

// What is the same for both families.
class HandedOnce : public Handed {};

// Mounts a file system over an empty directory.
std::string mount_at(const char* type, const std::string& options) {
    const auto at = std::string("/tmp/") + type;
    ::mkdir(at.c_str(), 0700);
    check(::mount("none", at.c_str(), type, 0, options.c_str()), type);
    return at;
}

void unmount(const std::string& at) {
    check(::umount2(at.c_str(), MNT_DETACH), at.c_str());
}

} // namespace

BOTH_FAMILIES(Handed);
INSTANTIATE_TEST_SUITE_P(, HandedOnce, testing::Values(Family::v6),
                         [](const auto& given) { return std::string(name(given.param)); });

TEST_P(Handed, DiskByNetlinkOfAClientThatEnds) {
    if (!have({"nbd"}))
        GTEST_SKIP() << "no nbd";
    Helper serving = server(serve_nbd);
    serving.wait();
    Helper client(nullptr, [&](Channel& test) {
        const Fd netlink = generic_netlink();
        const Fd connection = connected();
        test.signal();
        test.wait();
        hand_to_nbd(netlink, connection);
    });
    client.wait();
    serving.wait();
    const auto begin = start(pair_.a);
    client.signal();
    client.join();
    Helper reader(nullptr, [](Channel& test) {
        for (const unsigned pieces : {20U, 5U}) {
            use_nbd(pieces);
            test.signal();
            test.wait();
        }
    });
    reader.wait();
    expect_kernel(begin);
    expect_none_of("who reads the disk", reader);
    expect_no_walks();
    reader.step();
    expect_kernel(begin);
    compare("the server's are both directions of it", true,
            ctl.process_counters(serving.pid()).tcp.in.packets > 0);
    disconnect_nbd(generic_netlink());
    expect_kernel(begin);
}

TEST_P(HandedOnce, DiskByIoctlOfAClientThatStays) {
    if (!have({"nbd"}))
        GTEST_SKIP() << "no nbd";
    Helper serving = server(serve_nbd);
    serving.wait();
    Helper client(nullptr, [&](Channel& test) {
        const Fd connection = connected();
        test.signal();
        test.wait();
        run_nbd(connection);
    });
    client.wait();
    serving.wait();
    const auto own = ctl.process_counters(client.pid());
    const auto begin = start(pair_.a);
    client.signal();
    Helper reader(nullptr, [](Channel& test) {
        eventually([] { return read_file("/sys/block/nbd0/size") != "0\n"; });
        use_nbd(20);
        test.signal();
        test.wait();
    });
    reader.wait();
    expect_kernel(begin);
    expect_none_of("who reads the disk", reader);
    expect_process("client", client.pid(), own);
    stop_nbd();
    client.join();
    expect_kernel(begin);
}

TEST_P(HandedOnce, FileSystem) {
    if (!have({"9p"}))
        GTEST_SKIP() << "no 9p";
    (void)have({"9pnet_fd"}); // a part of 9pnet in older kernels
    Helper serving = server(serve_9p);
    serving.wait();
    Helper client(nullptr, [&](Channel& test) {
        const Fd connection = connected();
        test.signal();
        test.wait();
        const auto number = std::to_string(connection.get());
        mount_at("9p", "trans=fd,version=9p2000.L,cache=none,rfdno=" + number + ",wfdno=" + number);
    });
    client.wait();
    serving.wait();
    client.signal();
    client.join();
    const auto begin = start(pair_.a);
    Helper user(nullptr, [](Channel& test) {
        for (const unsigned times : {50U, 5U}) {
            for (unsigned i = 0; i < times; i++) {
                struct statfs size {};
                check(::statfs("/tmp/9p", &size), "statfs");
            }
            test.signal();
            test.wait();
        }
    });
    user.wait();
    expect_kernel(begin);
    expect_none_of("who asks the file system", user);
    user.step();
    expect_kernel(begin);
    unmount("/tmp/9p");
    expect_kernel(begin);
}

TEST_P(HandedOnce, UsbDevice) {
    if (!have({"vhci-hcd"}))
        GTEST_SKIP() << "no usbip";
    // It never answers, as a device does that is broken.
    Helper serving = server([](const Fd& connection) { read_to_end(connection); });
    serving.wait();
    constexpr auto controller = "/sys/devices/platform/vhci_hcd.0/";
    Helper client(nullptr, [&](Channel& test) {
        const Fd connection = connected();
        test.signal();
        test.wait();
        write_file(controller + std::string("attach"),
                   "0 " + std::to_string(connection.get()) + " 65538 3");
    });
    client.wait();
    serving.wait();
    const auto begin = start(pair_.a);
    client.signal();
    client.join();
    EXPECT_TRUE(
        eventually([&] { return pair_.a.carried().out.packets > begin.carried.out.packets; }));
    expect_kernel(begin);
    write_file(controller + std::string("detach"), "0");
    expect_kernel(begin);
}

// An NFS server gets a listener and a socket for datagrams from a process that ends.
TEST_P(Handed, NfsServer) {
    if (!have({"nfsd"}))
        GTEST_SKIP() << "no nfsd";
    Helper(pair_.b.ns, [&](Channel&) {
        const auto control = mount_at("nfsd", "");
        // Only this one starts without a portmapper.
        write_file(control + "/versions", "-2 -3 +4\n");
        const Fd listener = tcp_listener(pair_.b.at(family(), port));
        const Fd datagrams_to = udp_bound(pair_.b.at(family(), port));
        for (const auto* socket : {&listener, &datagrams_to})
            write_file(control + "/portlist", std::to_string(socket->get()));
        write_file(control + "/threads", "2");
    }).join();
    const auto begin = start(pair_.b);
    Helper client(pair_.a.ns, [&](Channel& test) {
        const Fd datagrams = udp_connected(pair_.b.at(family(), port));
        for (const unsigned times : {20U, 5U}) {
            const Fd connection = tcp_connected(pair_.b.at(family(), port));
            for (unsigned i = 0; i < times; i++) {
                call_nfs_stream(connection);
                call_nfs_datagram(datagrams);
            }
            test.signal();
            test.wait();
        }
    });
    client.wait();
    expect_kernel(begin);
    expect_no_walks();
    client.step();
    expect_kernel(begin);
    client.signal();
    client.join();
    expect_kernel(begin);
    unmount("/tmp/nfsd"); // it ends with that
}
