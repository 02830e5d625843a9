// SPDX-License-Identifier: GPL-2.0-only
// Helper processes: forked children that do traffic in some namespace and talk with the test over a
// channel. A child's failure is printed and becomes its exit status; it never outlives the test.
#pragma once

#include <functional>
#include <sys/types.h>

#include "lib/fd.h"
#include "lib/namespace.h"

namespace guest {

// One end of the conversation between a test and its helper. Every wait has a deadline.
class Channel {
public:
    explicit Channel(Fd fd) : fd_(std::move(fd)) {}

    template <class T>
    void send(const T& value) {
        put(&value, sizeof(value));
    }
    template <class T>
    T receive() {
        T value{};
        get(&value, sizeof(value));
        return value;
    }
    // The two sides keep in step: one signals, the other waits.
    void signal() { send('.'); }
    void wait() { receive<char>(); }
    // Is a whole value there already?
    bool ready(std::size_t size) const;
    int fd() const { return fd_.get(); }

private:
    void put(const void* data, std::size_t size);
    void get(void* data, std::size_t size);

    Fd fd_;
};

class Helper {
public:
    using Body = std::function<void(Channel&)>;

    // Runs body in a child, inside ns when one is given.
    Helper(const Namespace* ns, const Body& body);
    Helper(const Namespace& ns, const Body& body) : Helper(&ns, body) {}
    Helper(Helper&& other) noexcept;
    Helper(const Helper&) = delete;
    Helper& operator=(const Helper&) = delete;
    Helper& operator=(Helper&&) = delete;
    // Kills and reaps a child that was not joined.
    ~Helper();

    pid_t pid() const { return pid_; }
    template <class T>
    void send(const T& value) {
        channel_.send(value);
    }
    template <class T>
    T receive() {
        return channel_.receive<T>();
    }
    void signal() { channel_.signal(); }
    void wait() { channel_.wait(); }
    void step() { // let it do its next step and wait until it has
        signal();
        wait();
    }
    Channel& channel() { return channel_; }

    void kill(int signal = 9) const;
    // Waits for the end; throws unless the child succeeded.
    void join();
    // Waits for the end without reaping: a zombie stays.
    void await_zombie() const;

private:
    pid_t pid_ = -1;
    Channel channel_;
};

} // namespace guest
