// SPDX-License-Identifier: GPL-2.0-only
// Other ways to send than send(): the process that asked for it is credited.
#include "lib/guest_test.h"

#include <fcntl.h>
#include <linux/errqueue.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "lib/ring.h"

using namespace guest;

namespace {

constexpr std::size_t stream_size = 100000;

class SystemCall : public FamilyTest {
protected:
    Pair& pair_ = standard_pair();

    // A client that sends stream_size bytes in its own way; the server reads them.
    void compare_stream(const std::function<void(const Fd&)>& send) {
        const auto before = pair_.a.carried();
        Helper server(pair_.b.ns, [&](Channel& test) {
            const Fd listener = tcp_listener(pair_.b.at(family()));
            test.send(Address::local_of(listener.get()).port());
            const Fd connection = tcp_accept(listener);
            test.send(read_stream(connection, stream_size));
            test.wait();
        });
        const auto port = server.receive<std::uint16_t>();
        Helper client(pair_.a.ns, [&](Channel& test) {
            const Fd connection = tcp_connected(pair_.b.at(family(), port));
            send(connection);
            test.wait();
        });
        compare("bytes read", stream_size, server.receive<std::uint64_t>());
        compare_settled(
            "client", [&] { return tcp(pair_.a.carried() - before); },
            [&] { return ctl.process_counters(client.pid()); });
        compare_settled(
            "server",
            [&] {
                const auto t = pair_.a.carried() - before;
                return tcp({t.in, t.out});
            },
            [&] { return ctl.process_counters(server.pid()); });
    }

    // A client that sends 10 datagrams of 300 bytes in its own way.
    void compare_datagrams(const std::function<void(const Fd&)>& send) {
        Helper receiver(pair_.b.ns, [&](Channel& test) {
            const Fd socket = udp_bound(pair_.b.at(family()));
            test.send(Address::local_of(socket.get()).port());
            test.wait();
        });
        const auto to = pair_.b.at(family(), receiver.receive<std::uint16_t>());
        Helper sender(pair_.a.ns, [&](Channel& test) {
            const Fd socket = udp_connected(to);
            send(socket);
            test.signal();
            test.wait();
        });
        sender.wait();
        const auto expected = datagrams(family(), 10, 300);
        expect_process("sender", sender.pid(), udp_out(expected));
        expect_process("receiver", receiver.pid(), udp_in(expected));
    }

    void compare_ring(Ring::Mode mode) {
        compare_datagrams([&](const Fd& socket) {
            Ring ring(mode);
            for (int i = 0; i < 10; i++)
                ring.send(socket, 300);
        });
    }
};

Fd file_of(std::size_t size) {
    Fd file(check(::memfd_create("data", MFD_CLOEXEC), "memfd"));
    check(::ftruncate(file.get(), static_cast<off_t>(size)), "ftruncate");
    return file;
}

void send_zerocopy(const Fd& socket, std::size_t size) {
    static const std::vector<char> data(stream_size);
    for (std::size_t done = 0; done < size;)
        done += check(::send(socket.get(), data.data(), size - done, MSG_ZEROCOPY), "zerocopy");
}

} // namespace

BOTH_FAMILIES(SystemCall);

TEST_P(SystemCall, Sendfile) {
    compare_stream([](const Fd& socket) {
        const Fd file = file_of(stream_size);
        for (std::size_t left = stream_size; left > 0;)
            left -= check(::sendfile(socket.get(), file.get(), nullptr, left), "sendfile");
    });
}

TEST_P(SystemCall, Splice) {
    compare_stream([](const Fd& socket) {
        const Fd file = file_of(stream_size);
        int ends[2];
        check(::pipe2(ends, O_CLOEXEC), "pipe2");
        const Fd out(ends[0]);
        const Fd in(ends[1]);
        for (std::size_t left = stream_size; left > 0;) {
            auto inside =
                check(::splice(file.get(), nullptr, in.get(), nullptr, left, 0), "splice");
            for (left -= inside; inside > 0;)
                inside -= check(::splice(out.get(), nullptr, socket.get(), nullptr, inside, 0),
                                "splice to the socket");
        }
    });
}

TEST_P(SystemCall, ZerocopyStream) {
    compare_stream([](const Fd& socket) {
        set_option(socket, SOL_SOCKET, SO_ZEROCOPY, 1);
        send_zerocopy(socket, stream_size);
    });
}

TEST_P(SystemCall, ZerocopyDatagrams) {
    compare_datagrams([](const Fd& socket) {
        set_option(socket, SOL_SOCKET, SO_ZEROCOPY, 1);
        for (int i = 0; i < 10; i++)
            send_zerocopy(socket, 300);
    });
}

TEST_P(SystemCall, ManyMessagesAtOnce) {
    compare_datagrams([](const Fd& socket) {
        char data[300] = {};
        iovec vector{data, sizeof(data)};
        mmsghdr messages[10] = {};
        for (auto& message : messages) {
            message.msg_hdr.msg_iov = &vector;
            message.msg_hdr.msg_iovlen = 1;
        }
        if (::sendmmsg(socket.get(), messages, 10, 0) != 10)
            fail("sendmmsg");
    });
}

TEST_P(SystemCall, IoUring) {
    compare_ring(Ring::Mode::direct);
}
TEST_P(SystemCall, IoUringWorker) {
    compare_ring(Ring::Mode::worker);
}
TEST_P(SystemCall, IoUringPoller) {
    compare_ring(Ring::Mode::poller);
}
