// Sockets of the workloads. Whatever goes wrong ends the program with a message: there is nothing
// to measure then.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <utility>

// Ends the program: says what failed, and errno.
[[noreturn]] void fail(const std::string& what);

// A file descriptor that is closed when its owner goes.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd();

    int get() const { return fd_; }

private:
    int fd_ = -1;
};

// An address of either family, with its length.
struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;

    Address() = default;
    Address(const std::string& text, uint16_t port);

    int family() const { return storage.ss_family; }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// Where the two ends of a workload are: a network namespace by its name ("" is the one that the
// program was started in) and the address there.
struct Place {
    std::string netns;
    std::string address;
};

// Makes the calling thread's sockets belong to a network namespace from now on.
void enter_netns(const std::string& name);

Fd open_socket(const Place& place, int type, int protocol = 0);

// A socket bound to a port of its choice (0) or the one given.
Fd bound_socket(const Place& place, int type, uint16_t port = 0);

// A bound socket that listens.
Fd listener(const Place& place);

// The address that a socket is bound to.
Address name_of(const Fd& fd);

void connect_to(const Fd& fd, const Address& to);
Fd accept_from(const Fd& listener);

// Make the close of a connection a reset, so that it leaves no TIME_WAIT behind.
void reset_on_close(const Fd& fd);

void send_all(const Fd& fd, size_t size);
void receive_all(const Fd& fd, size_t size);
