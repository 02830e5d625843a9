// SPDX-License-Identifier: GPL-2.0-only
// The thread that waits for records and hands them over. It alone blocks in
// the kernel, so that signals to the daemon are never missed meanwhile.
#pragma once

#include "descriptor.h"
#include "messages.h"
#include "notify.h"
#include "recorder.h"
#include "result.h"
#include "source.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace netatop {

class Taker {
public:
    Taker(ExitSource& source, Messages& messages, const Notify& notify);
    Taker(const Taker&) = delete;
    Taker& operator=(const Taker&) = delete;
    ~Taker() { stop(); }

    // Looks for the module, but takes nothing before go().
    [[nodiscard]] Status start();
    void go(Recorder& recorder);

    // Returns when the record at hand, if any, is wholly dealt with.
    void stop();

    // Becomes readable when the thread ends because it cannot go on.
    [[nodiscard]] int ended_fd() const { return ended_fd_.get(); }
    [[nodiscard]] std::optional<Error> failure();

private:
    void run();
    [[nodiscard]] bool wait_for_go();
    void take_all();
    void report(const Taken& problem);
    void fail(Error error);
    [[nodiscard]] bool stopping();
    void wait_before_retry();

    ExitSource& source_;
    Messages& messages_;
    const Notify& notify_;
    Descriptor ended_fd_;
    std::thread thread_;
    std::chrono::milliseconds delay_;
    bool announced_ = false;

    std::mutex mutex_;
    std::condition_variable changed_;
    Recorder* recorder_ = nullptr;
    bool probed_ = false;
    bool stopping_ = false;
    bool ended_ = false;
    std::optional<Error> failure_;
};

} // namespace netatop
