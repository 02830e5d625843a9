// SPDX-License-Identifier: GPL-2.0-only
// A client of the module, by its generic netlink family.
//
//     auto client = Client::open();
//     for (auto& task : client->tasks({}))
//         if (task) use(*task); else report(task.error());
//
// Every error says what to do about it.
#pragma once

#include "message.h"
#include "netlink.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace netatop {

// A dump as a range, to be gone through once. An error ends it, and is its last element.
template <typename T>
class Dump {
public:
    using Parse = Result<T> (*)(const nlmsghdr& message);
    using Element = Result<T>;

    class Iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Element;
        using difference_type = std::ptrdiff_t;
        using pointer = Element*;
        using reference = Element&;

        Iterator() = default;
        explicit Iterator(Dump* dump) : dump_(dump) { ++*this; }
        reference operator*() const { return *dump_->element_; }
        pointer operator->() const { return &*dump_->element_; }
        Iterator& operator++() {
            if (!dump_->advance())
                dump_ = nullptr;
            return *this;
        }
        friend bool operator==(const Iterator& a, const Iterator& b) { return a.dump_ == b.dump_; }
        friend bool operator!=(const Iterator& a, const Iterator& b) { return a.dump_ != b.dump_; }

    private:
        Dump* dump_ = nullptr;
    };

    // `answer` and `parse` are those of the command that the socket has been asked.
    Dump(NetlinkSocket socket, std::uint8_t answer, Parse parse)
        : socket_(std::move(socket)), answer_(answer), parse_(parse) {}
    explicit Dump(Error error) : error_(std::move(error)) {}

    Iterator begin() { return Iterator(this); }
    Iterator end() { return {}; }

private:
    bool advance();

    std::optional<NetlinkSocket> socket_; // none at the end
    std::optional<Error> error_;          // to be said at the next step
    std::uint8_t answer_ = 0;
    Parse parse_ = nullptr;
    std::optional<Element> element_;
};

// Which tasks a dump is about.
struct TaskFilter {
    bool threads = false;              // threads, not processes
    std::optional<std::uint32_t> tgid; // of this process alone
};

// Who ended, with all that it carried; or, once for each time that happened, the news that there
// was more to tell than was read.
struct End {
    enum class Of { overrun, task, cgroup, socket };

    Of of = Of::overrun;
    Task task{};
    Cgroup cgroup{};
    Closed closed{}; // a socket
};

// Processes, cgroups and sockets, as they end.
class Ends {
public:
    // Of the family with this number.
    Ends(NetlinkSocket socket, std::uint16_t family)
        : socket_(std::move(socket)), family_(family) {}

    // The next one, or none at present. An error when the module has gone: then there will be none
    // any more.
    Result<std::optional<End>> next();
    // Readable when there is one.
    [[nodiscard]] int fd() const { return socket_.fd(); }

private:
    NetlinkSocket socket_;
    std::uint16_t family_;
};

// Memory of the kernel for ends that are not read yet: enough for some ten thousand.
constexpr int ends_buffer = 8 * 1024 * 1024;

class Client {
public:
    static Result<Client> open(Connect connect = connect_generic);

    // None when it has moved nothing, or is not there.
    Result<std::optional<Task>> process(std::uint32_t tgid);
    Result<std::optional<Task>> thread(std::uint32_t pid);

    // A task that is there all the time is in it, perhaps twice, with the same number and start.
    [[nodiscard]] Dump<Task> tasks(const TaskFilter& filter) const;

    // Likewise, with the same cookie and protocol; of one process, if given.
    [[nodiscard]] Dump<Socket> sockets(std::optional<std::uint32_t> tgid = std::nullopt) const;

    // Cgroups that anything was carried in, or below, and that have not ended. Needs CAP_NET_ADMIN
    // in the initial user namespace, as does one of them, which is none when it is not there.
    [[nodiscard]] Dump<Cgroup> cgroups() const;
    Result<std::optional<Cgroup>> cgroup(std::uint64_t id);

    // Everything together. Needs CAP_NET_ADMIN in the initial user namespace.
    Result<Total> total();

    // Ends of processes, of cgroups, and of several kinds in their order.
    [[nodiscard]] Result<Ends> exits(int buffer = ends_buffer) const;
    [[nodiscard]] Result<Ends> cgroup_ends(int buffer = ends_buffer) const;
    [[nodiscard]] Result<Ends> ends(const std::vector<End::Of>& of, int buffer = ends_buffer) const;

private:
    Client(Connect connect, NetlinkSocket socket, Family family)
        : connect_(std::move(connect)), socket_(std::move(socket)), family_(std::move(family)) {}

    Result<std::optional<Task>> task(std::uint16_t attribute, std::uint32_t number);
    template <typename T>
    Result<std::optional<T>> one(Request request, std::uint8_t answer,
                                 typename Dump<T>::Parse parse, int none);
    template <typename T>
    Dump<T> dump(Request request, std::uint8_t answer, typename Dump<T>::Parse parse) const;

    Connect connect_;
    NetlinkSocket socket_;
    Family family_;
};

// What a message of a dump is, or why it ends; shared by dumps of all kinds.
enum class Step { element, nothing, end };
Result<Step> step_of(const nlmsghdr& message, std::uint8_t answer);

// Of an error number with which the kernel answered, and its words.
Error explained(const Answer& answer);

template <typename T>
bool Dump<T>::advance() {
    while (socket_) {
        const auto message = socket_->next(true);
        const auto step = message ? step_of(**message, answer_) : Result<Step>(message.error());
        if (!step) {
            error_ = step.error();
            socket_.reset();
        } else if (*step == Step::end) {
            socket_.reset();
        } else if (*step == Step::element) {
            element_.emplace(parse_(**message));
            if (!*element_)
                socket_.reset();
            return true;
        }
    }
    if (!error_)
        return false;
    element_.emplace(*std::exchange(error_, std::nullopt));
    return true;
}

} // namespace netatop
