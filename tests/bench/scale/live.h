// What a netatop takes that somebody looks at.
#pragma once

#include "../workload/socket.h"

#include <sys/types.h>

#include <string>

// The command, on a terminal of its own, with a refresh each second.
class LiveView {
public:
    explicit LiveView(const std::string& command);
    LiveView(const LiveView&) = delete;
    LiveView& operator=(const LiveView&) = delete;
    ~LiveView();

    void press(char key) const;

    struct Cost {
        long long refreshes;
        long long each; // processor time of one, ns
        long long all;  // of all the time
    };
    // Looks at it for so many seconds.
    Cost watch(int seconds) const;
    // Its resident memory at most, in KiB.
    long long memory() const;

private:
    long long processor_time() const;
    void read_screen() const;

    pid_t pid_ = -1;
    Fd terminal_;
};
