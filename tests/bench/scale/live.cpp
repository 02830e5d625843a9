#include "live.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>

namespace {

constexpr int steps = 50; // looks a second; a refresh lies between two without any

} // namespace

LiveView::LiveView(const std::string& command) {
    winsize size{};
    size.ws_row = 40;
    size.ws_col = 120;
    int fd = -1;
    pid_ = ::forkpty(&fd, nullptr, nullptr, &size);
    if (pid_ < 0)
        fail("forkpty");
    if (pid_ == 0) {
        ::setenv("TERM", "xterm", 1);
        ::execl(command.c_str(), command.c_str(), "-d", "1", nullptr);
        ::_exit(127);
    }
    terminal_ = Fd(fd);
    if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        fail("fcntl");
}

LiveView::~LiveView() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void LiveView::press(char key) const {
    if (::write(terminal_.get(), &key, 1) != 1)
        fail("press a key");
}

long long LiveView::processor_time() const {
    std::ifstream in("/proc/" + std::to_string(pid_) + "/schedstat");
    long long time = -1;
    if (!(in >> time))
        fail("schedstat");
    return time;
}

void LiveView::read_screen() const {
    std::array<char, 65536> bytes;
    while (::read(terminal_.get(), bytes.data(), bytes.size()) > 0)
        ;
}

LiveView::Cost LiveView::watch(int seconds) const {
    const long long begun = processor_time();
    long long refreshes = 0, last = begun;
    bool works = false;
    for (int i = 0; i < seconds * steps || works; ++i) {
        ::usleep(1000000 / steps);
        read_screen();
        const long long now = processor_time();
        refreshes += !works && now != last;
        works = now != last;
        last = now;
    }
    return {refreshes, (last - begun) / std::max(refreshes, 1LL), last - begun};
}

long long LiveView::memory() const {
    std::ifstream in("/proc/" + std::to_string(pid_) + "/status");
    for (std::string word; in >> word;)
        if (word == "VmHWM:") {
            long long kilobytes = 0;
            in >> kilobytes;
            return kilobytes;
        }
    fail("status");
}
