// SPDX-License-Identifier: GPL-2.0-only
#include "output.h"

#include <algorithm>
#include <array>
#include <climits>

namespace netatop {

Result<bool> Output::write(const std::string& text) {
    buffer_ += text;
    return put(buffer_.size() / PIPE_BUF * PIPE_BUF);
}

Result<bool> Output::flush() {
    return put(buffer_.size());
}

// So many bytes, in pieces that a pipe takes whole as soon as it can be written to.
Result<bool> Output::put(std::size_t length) {
    std::size_t done = 0;
    while (done < length) {
        pollfd event{fd_, POLLOUT, 0};
        const auto waited = interrupt_.wait(&event, 1, -1);
        if (!waited)
            return waited.error();
        if (interrupt_.happened())
            return false;
        const std::size_t size = std::min<std::size_t>(length - done, PIPE_BUF);
        const ssize_t written = interrupt_.write(fd_, &buffer_[done], size);
        if (written < 0 && errno == EPIPE)
            return false;
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return system_error("cannot write the output");
        done += static_cast<std::size_t>(std::max<ssize_t>(written, 0));
    }
    buffer_.erase(0, done);
    return !interrupt_.happened();
}

Result<bool> Output::pause(int milliseconds) const {
    return wait(-1, milliseconds);
}

Result<bool> Output::wait_for(int other) const {
    return wait(other, -1);
}

Result<bool> Output::wait(int other, int milliseconds) const {
    std::array<pollfd, 2> events{{{fd_, 0, 0}, {other, POLLIN, 0}}}; // one that is negative is none
    const auto waited = interrupt_.wait(events.data(), events.size(), milliseconds);
    if (!waited)
        return waited.error();
    return !interrupt_.happened() && (events[0].revents & (POLLERR | POLLHUP)) == 0;
}

} // namespace netatop
