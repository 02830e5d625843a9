// SPDX-License-Identifier: GPL-2.0-only
// HTTP: who asks for metrics gets them; who is slow, or asks for nonsense, is got rid of. It has no
// thread of its own: whoever has it waits for fd() and calls run().
#pragma once

#include "descriptor.h"
#include "exposition.h"
#include "result.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

struct MHD_Daemon;
struct MHD_Connection;

namespace netatop {

struct ServerLimits {
    unsigned connections = 32;        // more wait in the queue of the socket
    unsigned silence = 10;            // seconds in which nothing comes and nothing is taken
    std::chrono::seconds request{15}; // from the first byte of a request to the last of its answer
    std::size_t memory = 16UL * 1024UL; // bytes for the headers of a request
};

class Server {
public:
    // Makes the text that is asked for; an error is answered as "service unavailable".
    using Expose = std::function<Result<std::string>(Dialect)>;

    static Result<std::unique_ptr<Server>> start(const Descriptor& listener, Expose expose,
                                                 const ServerLimits& limits = {});
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    // Readable when there is something to do.
    [[nodiscard]] int fd() const;
    // When there is without that, in ms; -1 for never.
    [[nodiscard]] int timeout() const;
    void run();

private:
    using Clock = std::chrono::steady_clock;
    struct Answer;
    struct Callbacks;
    struct Stop {
        void operator()(MHD_Daemon* daemon) const;
    };

    Server(Expose expose, const ServerLimits& limits)
        : expose_(std::move(expose)), limits_(limits) {}

    [[nodiscard]] Answer answer(const std::string& method, const std::string& path,
                                MHD_Connection* connection) const;
    [[nodiscard]] Answer metrics(MHD_Connection* connection) const;
    void drop_slow_ones();

    Expose expose_;
    ServerLimits limits_;
    std::map<MHD_Connection*, Clock::time_point>
        since_; // when their present request may have begun
    std::unique_ptr<MHD_Daemon, Stop> daemon_;
};

} // namespace netatop
