// SPDX-License-Identifier: GPL-2.0-only
#include "netlink.h"

#include "netns.h"

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace netatop {

namespace {

// A dump fills at most 32 KiB of what a reader offers; a message to a group is smaller.
constexpr std::size_t buffer_size = 64UL * 1024;

Error overrun() {
    return {"the kernel had more to tell than was read in time: some of it is lost", Cause::overrun,
            ENOBUFS};
}

Result<Descriptor> open_socket(int protocol) {
    Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
    if (!socket)
        return system_error("cannot open a netlink socket");
    const int on = 1;
    // Kernels that have no words for an error have its number.
    (void)::setsockopt(socket.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    (void)::setsockopt(socket.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    return socket;
}

} // namespace

Result<Descriptor> connect_diag(const Groups& /*groups*/) {
    return open_socket(NETLINK_SOCK_DIAG);
}

// Groups are heard in one namespace alone, and a socket stays where it was made.
Result<Descriptor> connect_generic(const Groups& groups) {
    if (groups.empty())
        return open_socket(NETLINK_GENERIC);
    const auto netns = Netns::enter_initial();
    if (!netns)
        return netns.error();
    auto socket = open_socket(NETLINK_GENERIC);
    if (!socket)
        return socket;
    // A socket without an address of its own passes for the kernel's, which hears nothing of
    // itself.
    sockaddr_nl own{};
    own.nl_family = AF_NETLINK;
    const auto* address = static_cast<const sockaddr*>(static_cast<const void*>(&own));
    if (::bind(socket->get(), address, sizeof own) != 0)
        return system_error("cannot give a netlink socket an address");
    for (const auto group : groups)
        if (::setsockopt(socket->get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
                         sizeof group) != 0)
            return system_error("cannot listen to a group of netlink");
    return socket;
}

Request::Request(std::uint16_t family, std::uint8_t command, std::uint8_t version) {
    nlmsghdr* header = mnl_nlmsg_put_header(buffer_.data());
    header->nlmsg_type = family;
    auto* generic =
        static_cast<genlmsghdr*>(mnl_nlmsg_put_extra_header(header, sizeof(genlmsghdr)));
    generic->cmd = command;
    generic->version = version;
}

Request::Request(std::uint16_t type, const void* header, std::size_t size) {
    nlmsghdr* message = mnl_nlmsg_put_header(buffer_.data());
    message->nlmsg_type = type;
    std::memcpy(mnl_nlmsg_put_extra_header(message, size), header, size);
}

nlmsghdr& Request::finish(std::uint16_t flags, std::uint32_t sequence) {
    auto* header = static_cast<nlmsghdr*>(static_cast<void*>(buffer_.data()));
    header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    header->nlmsg_seq = sequence;
    return *header;
}

Request& Request::number(std::uint16_t attribute, std::uint32_t value) {
    mnl_attr_put_u32(&finish(0, 0), attribute, value);
    return *this;
}

Request& Request::number64(std::uint16_t attribute, std::uint64_t value) {
    mnl_attr_put_u64(&finish(0, 0), attribute, value);
    return *this;
}

Request& Request::text(std::uint16_t attribute, const std::string& value) {
    mnl_attr_put_strz(&finish(0, 0), attribute, value.c_str());
    return *this;
}

Request& Request::flag(std::uint16_t attribute) {
    mnl_attr_put(&finish(0, 0), attribute, 0, nullptr);
    return *this;
}

NetlinkSocket::NetlinkSocket(Descriptor socket)
    : socket_(std::move(socket)), buffer_(buffer_size / sizeof(nlmsghdr)) {}

Result<NetlinkSocket> NetlinkSocket::open(const Connect& connect, const Groups& groups) {
    auto socket = connect(groups);
    if (!socket)
        return socket.error();
    return NetlinkSocket(*std::move(socket));
}

Status NetlinkSocket::send(Request& request, std::uint16_t flags) {
    const nlmsghdr& message = request.finish(flags, ++sequence_);
    begin_ = end_ = 0;
    ssize_t sent = -1;
    do
        sent = ::send(socket_.get(), &message, message.nlmsg_len, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return system_error("cannot ask the kernel by netlink");
    return Done{};
}

void NetlinkSocket::buffer(int bytes) const {
    // The first one needs CAP_NET_ADMIN and goes beyond the system's limit.
    if (::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

Result<const nlmsghdr*> NetlinkSocket::next(bool wait) {
    for (;;) {
        while (begin_ < end_) {
            const nlmsghdr* message = take();
            if (message == nullptr)
                return Error{"a message of the kernel is longer than it can be", Cause::version};
            // Messages to a group have no number.
            if (message->nlmsg_seq == sequence_ || message->nlmsg_seq == 0)
                return message;
        }
        const auto received = receive(wait);
        if (!received)
            return received.error();
        if (!*received)
            return nullptr;
    }
}

// The next message in the buffer; nullptr when that ends within it.
const nlmsghdr* NetlinkSocket::take() {
    const char* bytes = static_cast<const char*>(static_cast<const void*>(buffer_.data()));
    const auto* message = static_cast<const nlmsghdr*>(static_cast<const void*>(bytes + begin_));
    const std::size_t left = end_ - begin_;
    // The library takes a length of more than 31 bits for a negative one.
    if (!mnl_nlmsg_ok(message, static_cast<int>(left)) || message->nlmsg_len > left) {
        begin_ = end_;
        return nullptr;
    }
    begin_ += MNL_ALIGN(std::size_t{message->nlmsg_len});
    return message;
}

// One datagram of the kernel into the buffer; false when there is none. Another process that has
// the right may send to this socket too: that is passed over.
Result<bool> NetlinkSocket::receive(bool wait) {
    for (;;) {
        sockaddr_nl from{};
        iovec place{buffer_.data(), buffer_.size() * sizeof(nlmsghdr)};
        msghdr header{};
        header.msg_name = &from;
        header.msg_namelen = sizeof from;
        header.msg_iov = &place;
        header.msg_iovlen = 1;
        const ssize_t length = ::recvmsg(socket_.get(), &header, wait ? 0 : MSG_DONTWAIT);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 && !wait && errno == EAGAIN)
            return false;
        if (length < 0 && errno == ENOBUFS)
            return overrun();
        if (length < 0)
            return system_error("cannot read from the kernel by netlink");
        if (length == 0)
            return Error{"the kernel closed the netlink socket"};
        if ((header.msg_flags & MSG_TRUNC) != 0)
            return Error{"a message of the kernel is longer than it can be", Cause::version};
        if (from.nl_family == AF_NETLINK && from.nl_pid != 0)
            continue;
        begin_ = 0;
        end_ = static_cast<std::size_t>(length);
        return true;
    }
}

} // namespace netatop
