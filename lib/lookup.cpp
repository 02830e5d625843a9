// SPDX-License-Identifier: GPL-2.0-only
#include "lookup.h"

#include "descriptor.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>

namespace netatop {

struct Lookup::State {
    Find find;
    std::size_t most = 0;
    Descriptor news;
    unsigned threads = 0; // that are still to be started; of who asks alone

    std::mutex mutex; // of all below
    std::condition_variable wake;
    bool ended = false;
    std::deque<std::string> questions;
    std::unordered_map<std::string, std::optional<std::string>> answers; // none: asked
};

Result<Lookup> Lookup::make(Find find, std::size_t most, unsigned threads) {
    Descriptor news(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!news)
        return system_error("cannot make an event");
    auto state = std::make_shared<State>();
    state->find = std::move(find);
    state->most = most;
    state->news = std::move(news);
    state->threads = threads;
    return Lookup(std::move(state));
}

Lookup::~Lookup() {
    if (!state_)
        return;
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->ended = true;
    state_->wake.notify_all();
}

void Lookup::work(const std::shared_ptr<State>& state) {
    std::unique_lock<std::mutex> lock(state->mutex);
    for (;;) {
        state->wake.wait(lock, [&] { return state->ended || !state->questions.empty(); });
        if (state->ended)
            return;
        const std::string question = std::move(state->questions.front());
        state->questions.pop_front();
        lock.unlock();
        std::string answer = state->find(question);
        lock.lock();
        if (const auto asked = state->answers.find(question); asked != state->answers.end())
            asked->second = std::move(answer);
        constexpr std::uint64_t one = 1;
        const auto written = ::write(state->news.get(), &one, sizeof one);
        (void)written; // it can fail only when there are news already
    }
}

// Signals are for the thread that waits for them. Where no thread can be had, the next question
// tries again.
void Lookup::start() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        for (; state_->threads != 0; --state_->threads)
            std::thread(work, state_).detach();
    } catch (const std::system_error&) { // too many
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

std::optional<std::string> Lookup::get(const std::string& question) {
    if (state_->threads != 0)
        start();
    const std::lock_guard<std::mutex> lock(state_->mutex);
    const auto known = state_->answers.find(question);
    if (known != state_->answers.end())
        return known->second;
    if (state_->answers.size() >= state_->most) {
        state_->answers.clear();
        state_->questions.clear();
    }
    state_->answers.emplace(question, std::nullopt);
    state_->questions.push_back(question);
    state_->wake.notify_one();
    return std::nullopt;
}

int Lookup::fd() const {
    return state_->news.get();
}

void Lookup::settle() const {
    std::uint64_t times = 0;
    const auto got = ::read(state_->news.get(), &times, sizeof times);
    (void)got; // there may be no news
}

} // namespace netatop
