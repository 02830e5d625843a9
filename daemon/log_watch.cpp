// SPDX-License-Identifier: GPL-2.0-only
#include "log_watch.h"

#include <sys/inotify.h>

#include <array>
#include <cstdint>
#include <string>

namespace netatop {

namespace {

// Not that it was written to, as the daemon does that itself: that a writer closed it. A file that
// is open loses its last name without being deleted.
constexpr std::uint32_t events = IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF | IN_CLOSE_WRITE;

} // namespace

LogWatch::LogWatch() : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

void LogWatch::follow(int file) {
    if (!events_)
        return;
    const int before = watch_;
    watch_ = ::inotify_add_watch(events_.get(), ("/proc/self/fd/" + std::to_string(file)).c_str(),
                                 events);
    if (before >= 0 && before != watch_)
        ::inotify_rm_watch(events_.get(), before); // fails when the file is gone already
}

void LogWatch::drain() {
    alignas(inotify_event) std::array<char, 4096> buffer{};
    while (events_ && ::read(events_.get(), buffer.data(), buffer.size()) > 0) {
    }
}

} // namespace netatop
