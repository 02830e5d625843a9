// SPDX-License-Identifier: GPL-2.0-only
#include "lib/disk.h"

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <endian.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <linux/nbd.h>
#include <linux/netlink.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <vector>

namespace guest {

namespace {

using Bytes = std::vector<std::uint8_t>;

// False at the end of the stream.
bool read_whole(const Fd& from, void* into, std::size_t size) {
    auto* at = static_cast<std::uint8_t*>(into);
    while (size > 0) {
        const auto got = check(::recv(from.get(), at, size, 0), "recv");
        if (got == 0)
            return false;
        at += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

void write_whole(const Fd& to, const Bytes& bytes) {
    for (std::size_t done = 0; done < bytes.size();)
        done += static_cast<std::size_t>(check(
            ::send(to.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL), "send"));
}

template <class T>
void append(Bytes& to, T value) {
    const auto at = to.size();
    to.resize(at + sizeof(value));
    std::memcpy(to.data() + at, &value, sizeof(value));
}

void append_attribute(Bytes& to, std::uint16_t type, const Bytes& value) {
    append(to, static_cast<std::uint16_t>(NLA_HDRLEN + value.size()));
    append(to, type);
    to.insert(to.end(), value.begin(), value.end());
    to.resize(NLA_ALIGN(to.size()));
}

template <class T>
void append_number(Bytes& to, std::uint16_t type, T number) {
    Bytes value;
    append(value, number);
    append_attribute(to, type, value);
}

// Sends a request of generic netlink and returns the payload of the first answer.
Bytes ask(const Fd& netlink, std::uint16_t family, std::uint8_t command, const Bytes& attributes) {
    Bytes message;
    append(message,
           nlmsghdr{static_cast<std::uint32_t>(NLMSG_HDRLEN + GENL_HDRLEN + attributes.size()),
                    family, NLM_F_REQUEST | NLM_F_ACK, 1, 0});
    append(message, genlmsghdr{command, 1, 0});
    message.insert(message.end(), attributes.begin(), attributes.end());
    write_whole(netlink, message);
    Bytes answer(8192);
    answer.resize(static_cast<std::size_t>(
        check(::recv(netlink.get(), answer.data(), answer.size(), 0), "recv")));
    nlmsghdr header{};
    std::memcpy(&header, answer.data(), sizeof(header));
    answer.erase(answer.begin(), answer.begin() + NLMSG_HDRLEN);
    int error = 0;
    std::memcpy(&error, answer.data(), sizeof(error));
    if (header.nlmsg_type == NLMSG_ERROR && error != 0)
        fail("generic netlink", -error);
    return answer;
}

std::uint16_t family_of_nbd(const Fd& netlink) {
    Bytes attributes;
    append_attribute(attributes, CTRL_ATTR_FAMILY_NAME, {'n', 'b', 'd', 0});
    const auto answer = ask(netlink, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, attributes);
    for (std::size_t at = GENL_HDRLEN; at + NLA_HDRLEN <= answer.size();) {
        nlattr attribute{};
        std::memcpy(&attribute, answer.data() + at, sizeof(attribute));
        std::uint16_t id = 0;
        std::memcpy(&id, answer.data() + at + NLA_HDRLEN, sizeof(id));
        if (attribute.nla_type == CTRL_ATTR_FAMILY_ID)
            return id;
        at += NLA_ALIGN(attribute.nla_len);
    }
    throw std::runtime_error("the family nbd has no number");
}

Fd open_nbd(int flags) {
    return Fd(check(::open("/dev/nbd0", flags | O_CLOEXEC), "/dev/nbd0"));
}

} // namespace

void serve_nbd(const Fd& connection) {
    nbd_request request{};
    while (read_whole(connection, &request, sizeof(request))) {
        const auto length = be32toh(request.len);
        Bytes data(length);
        nbd_reply reply{};
        reply.magic = htobe32(NBD_REPLY_MAGIC);
        std::memcpy(&reply.handle, &request.handle, sizeof(reply.handle));
        Bytes answer;
        append(answer, reply);
        switch (be32toh(request.type)) {
        case NBD_CMD_READ:
            answer.insert(answer.end(), data.begin(), data.end());
            break;
        case NBD_CMD_WRITE:
            if (!read_whole(connection, data.data(), data.size()))
                return;
            break;
        case NBD_CMD_DISC:
            return;
        }
        write_whole(connection, answer);
    }
}

Fd generic_netlink() {
    return Fd(check(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), "netlink"));
}

void hand_to_nbd(const Fd& netlink, const Fd& connection) {
    Bytes descriptor;
    append_number(descriptor, NBD_SOCK_FD, static_cast<std::uint32_t>(connection.get()));
    Bytes item;
    append_attribute(item, NBD_SOCK_ITEM, descriptor);
    Bytes attributes;
    append_number(attributes, NBD_ATTR_INDEX, std::uint32_t{0});
    append_number(attributes, NBD_ATTR_SIZE_BYTES, disk_size);
    append_number(attributes, NBD_ATTR_BLOCK_SIZE_BYTES, std::uint64_t{4096});
    append_attribute(attributes, NBD_ATTR_SOCKETS, item);
    ask(netlink, family_of_nbd(netlink), NBD_CMD_CONNECT, attributes);
}

void disconnect_nbd(const Fd& netlink) {
    Bytes attributes;
    append_number(attributes, NBD_ATTR_INDEX, std::uint32_t{0});
    ask(netlink, family_of_nbd(netlink), NBD_CMD_DISCONNECT, attributes);
}

void run_nbd(const Fd& connection) {
    const Fd disk = open_nbd(O_RDWR);
    check(::ioctl(disk.get(), NBD_SET_BLKSIZE, 4096UL), "NBD_SET_BLKSIZE");
    check(::ioctl(disk.get(), NBD_SET_SIZE, disk_size), "NBD_SET_SIZE");
    check(::ioctl(disk.get(), NBD_SET_SOCK, static_cast<unsigned long>(connection.get())),
          "NBD_SET_SOCK");
    (void)::ioctl(disk.get(), NBD_DO_IT);
}

void stop_nbd() {
    check(::ioctl(open_nbd(O_RDWR).get(), NBD_DISCONNECT), "NBD_DISCONNECT");
}

void use_nbd(unsigned pieces) {
    constexpr std::size_t piece = 65536;
    alignas(4096) static std::array<char, piece> buffer;
    const Fd disk = open_nbd(O_RDWR | O_DIRECT);
    for (unsigned i = 0; i < pieces; i++) {
        const auto at = static_cast<off_t>(i % (disk_size / piece) * piece);
        check(::pread(disk.get(), buffer.data(), piece, at), "pread");
        check(::pwrite(disk.get(), buffer.data(), piece, at), "pwrite");
    }
}

namespace {

// Of the requests, those that mounting and asking for the size of the file system need.
enum NineP : std::uint8_t {
    rlerror = 7,
    tstatfs = 8,
    tgetattr = 24,
    tversion = 100,
    tattach = 104,
    tclunk = 120,
};

constexpr std::uint8_t directory = 0x80;

// 9P has the byte order of little-endian machines.
void append_qid(Bytes& to) {
    append(to, directory);
    append(to, std::uint32_t{0});
    append(to, htole64(1));
}

// What answers a request, without its header; false when it is not known.
bool answer_9p(std::uint8_t type, const Bytes& request, Bytes& answer) {
    switch (type) {
    case tversion:
        answer = request;
        return true;
    case tattach:
        append_qid(answer);
        return true;
    case tclunk:
        return true;
    case tstatfs:
        append(answer, htole32(0x01021997));
        append(answer, htole32(4096));
        answer.resize(answer.size() + 6 * sizeof(std::uint64_t));
        append(answer, htole32(255));
        return true;
    case tgetattr:
        append(answer, htole64(0x7ff));
        append_qid(answer);
        append(answer, htole32(0040755));
        answer.resize(answer.size() + 2 * sizeof(std::uint32_t) + 15 * sizeof(std::uint64_t));
        return true;
    default:
        append(answer, htole32(EOPNOTSUPP));
        return false;
    }
}

} // namespace

void serve_9p(const Fd& connection) {
    struct Header {
        std::uint32_t size;
        std::uint8_t type;
        std::uint16_t tag;
    } __attribute__((packed)) header{};
    while (read_whole(connection, &header, sizeof(header))) {
        Bytes request(le32toh(header.size) - sizeof(header));
        if (!read_whole(connection, request.data(), request.size()))
            return;
        Bytes answer;
        if (answer_9p(header.type, request, answer))
            header.type++;
        else
            header.type = rlerror;
        header.size = htole32(static_cast<std::uint32_t>(sizeof(header) + answer.size()));
        Bytes message;
        append(message, header);
        message.insert(message.end(), answer.begin(), answer.end());
        write_whole(connection, message);
    }
}

namespace {

constexpr std::uint32_t last_piece = 0x80000000;

// A call of procedure 0 of NFS version 4, by nobody.
Bytes nfs_call() {
    Bytes call;
    for (const std::uint32_t word : {1U, 0U, 2U, 100003U, 4U, 0U, 0U, 0U, 0U, 0U})
        append(call, htonl(word));
    return call;
}

} // namespace

void call_nfs_stream(const Fd& connection) {
    const auto call = nfs_call();
    Bytes message;
    append(message, htonl(last_piece | static_cast<std::uint32_t>(call.size())));
    message.insert(message.end(), call.begin(), call.end());
    write_whole(connection, message);
    std::uint32_t size = 0;
    if (!read_whole(connection, &size, sizeof(size)))
        throw std::runtime_error("the NFS server has closed the connection");
    Bytes reply(ntohl(size) & ~last_piece);
    if (!read_whole(connection, reply.data(), reply.size()))
        throw std::runtime_error("the NFS server has cut its answer");
}

void call_nfs_datagram(const Fd& socket) {
    write_whole(socket, nfs_call());
    Bytes reply(4096);
    check(::recv(socket.get(), reply.data(), reply.size(), 0), "recv");
}

} // namespace guest
