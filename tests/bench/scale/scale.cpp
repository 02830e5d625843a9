// netatop-scale: many sockets and many tasks, and what it costs to read them.
//
// Output, one line a figure, separated by tabs: scene, figure, value. Times are nanoseconds:
// instructions, on a machine whose clock counts these.
#include "../workload/socket.h"
#include "client.h"
#include "live.h"
#include "signal.h"
#include "uapi/netatop.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

const Place home{"", "127.0.0.1"};

void say(const std::string& scene, const std::string& figure, long long value) {
    std::printf("%s\t%s\t%lld\n", scene.c_str(), figure.c_str(), value);
    std::fflush(stdout);
}

long long since(Clock::time_point begin) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
}

// An address of lo's that belongs to one task: an address has no more ports than 65,535.
Place place_of(pid_t task) {
    return {"", "127." + std::to_string(task >> 16) + "." + std::to_string(task >> 8 & 255) + "." +
                    std::to_string(task & 255)};
}

// One datagram, to where nobody reads it.
void use(const Fd& fd, const Address& to) {
    const char message[16] = {};

    if (::sendto(fd.get(), message, sizeof(message), 0, to.get(), to.length) < 0)
        fail("sendto");
}

// Reads counters as atop does, and notes what that takes.
class Reader {
public:
    explicit Reader(std::string scene)
        : scene_(std::move(scene)), fd_(open_socket(home, SOCK_DGRAM)) {}

    // One sample: processes and threads by their ids.
    void sample(const std::vector<pid_t>& processes, const std::vector<pid_t>& threads) {
        const auto begin = Clock::now();
        const long long collection = call(NETATOP_FORCE_GC, nullptr, "force_gc");
        call(NETATOP_EMPTY_EXIT, nullptr, "empty_exit");
        const Reads by_process = read_all(NETATOP_GETCNT_TGID, processes, "process");
        const Reads by_thread = read_all(NETATOP_GETCNT_PID, threads, "thread");
        const long long sample = since(begin);

        say(scene_, "sample", sample);
        say(scene_, "asking for a collection", collection);
        say(scene_, "reading processes", by_process.all);
        say(scene_, "longest read of a process", by_process.longest);
        say(scene_, "reading threads", by_thread.all);
        say(scene_, "longest read of a thread", by_thread.longest);
        say(scene_, "packets sent, by processes", by_process.packets);
        say(scene_, "packets sent, by threads", by_thread.packets);
    }

    void collect() { call(NETATOP_FORCE_GC, nullptr, "force_gc"); }

private:
    struct Reads {
        long long all = 0;
        long long longest = 0;
        long long packets = 0;
    };

    Reads read_all(int command, const std::vector<pid_t>& ids, const char* what) {
        Reads reads;

        for (pid_t id : ids) {
            netpertask task{};
            task.id = id;
            const long long taken = call(command, &task, what);
            reads.all += taken;
            reads.longest = std::max(reads.longest, taken);
            reads.packets += static_cast<long long>(task.udpsndpacks);
        }
        return reads;
    }

    long long call(int command, netpertask* task, const char* what) {
        socklen_t length = task ? sizeof(*task) : 0;
        const auto begin = Clock::now();

        if (::getsockopt(fd_.get(), SOL_IP, command, task, &length) != 0 && errno != ESRCH)
            fail(std::string("getsockopt for ") + what);
        return since(begin);
    }

    std::string scene_;
    Fd fd_;
};

// A profiler outside of the machine recognises the addresses of these two.
extern "C" {
[[gnu::noinline]] void netatop_scale_begin() {
    asm volatile("" ::: "memory");
}
[[gnu::noinline]] void netatop_scale_end() {
    asm volatile("" ::: "memory");
}
}

// One dump by generic netlink, and what that takes, the client's own work included.
template <typename T>
void dump(const std::string& scene, const std::string& what, netatop::Dump<T> all) {
    long long packets = 0;
    const auto begin = Clock::now();

    netatop_scale_begin();
    for (const auto& one : all) {
        if (!one)
            fail("dump of " + what + ": " + one.error().text);
        packets += static_cast<long long>(one->counters.udp_sent.packets);
    }
    netatop_scale_end();
    say(scene, "a dump of " + what, since(begin));
    say(scene, "packets sent, by the dump of " + what, packets);
}

void dump_all(const std::string& scene) {
    auto client = netatop::Client::open();

    if (!client)
        fail(client.error().text);
    dump(scene, "processes", client->tasks({}));
    dump(scene, "threads", client->tasks({true, {}}));
    dump(scene, "sockets", client->sockets());
}

// A thread with a small stack: there are many.
class Thread {
public:
    explicit Thread(std::function<void()> work) : work_(std::move(work)) {
        pthread_attr_t attributes;
        ::pthread_attr_init(&attributes);
        ::pthread_attr_setstacksize(&attributes, 64 << 10);
        const auto start = [](void* self) -> void* {
            static_cast<Thread*>(self)->work_();
            return nullptr;
        };
        if (::pthread_create(&thread_, &attributes, start, this) != 0)
            fail("pthread_create");
    }

private:
    std::function<void()> work_;
    pthread_t thread_{};
};

// Processes whose threads each hold sockets and do nothing, until this object goes.
class Children {
public:
    Children(size_t processes, size_t threads, size_t sockets, const Address& to) {
        for (size_t i = 0; i < processes; i++)
            start(threads, sockets, to);
    }
    Children(const Children&) = delete;
    Children& operator=(const Children&) = delete;
    ~Children() {
        for (pid_t pid : processes_)
            ::kill(pid, SIGKILL);
        for (pid_t pid : processes_)
            ::waitpid(pid, nullptr, 0);
    }

    // Each socket sends once more.
    void use_all() { again_.give(threads_.size()); }

    const std::vector<pid_t>& processes() const { return processes_; }
    const std::vector<pid_t>& threads() const { return threads_; }

private:
    void start(size_t threads, size_t sockets, const Address& to) {
        int ready[2];

        if (::pipe(ready) != 0)
            fail("pipe");
        const pid_t pid = ::fork();
        if (pid < 0)
            fail("fork");
        if (pid == 0)
            hold(threads, sockets, to, ready[1]);
        ::close(ready[1]);
        for (size_t i = 0; i < threads; i++) {
            pid_t id = 0;
            if (::read(ready[0], &id, sizeof(id)) != sizeof(id))
                fail("child");
            threads_.push_back(id);
        }
        ::close(ready[0]);
        processes_.push_back(pid);
    }

    // The first thread is the process's own. Each one says its id when its sockets are used.
    [[noreturn]] void hold(size_t threads, size_t sockets, const Address& to, int ready) {
        std::deque<Thread> others;
        const auto work = [=] {
            std::vector<Fd> held;
            const auto id = static_cast<pid_t>(::syscall(SYS_gettid));
            for (size_t i = 0; i < sockets; i++) {
                held.push_back(bound_socket(place_of(id), SOCK_DGRAM));
                use(held.back(), to);
            }
            if (::write(ready, &id, sizeof(id)) != sizeof(id))
                ::_exit(1);
            for (int round = 0;;) {
                round = again_.wait(round);
                for (const Fd& fd : held)
                    use(fd, to);
                again_.done();
            }
        };

        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (size_t i = 1; i < threads; i++)
            others.emplace_back(work);
        work();
        std::abort();
    }

    Signal again_;
    std::vector<pid_t> processes_;
    std::vector<pid_t> threads_;
};

struct Scene {
    const char* key;
    const char* name;
    size_t processes;
    size_t threads;
    size_t sockets;
};

const Scene scenes[] = {
    {"processes", "10,000 processes with 1 socket each", 10000, 1, 1},
    {"sockets", "1 process with 50,000 sockets", 1, 1, 50000},
    {"threads", "1 process with 2,000 threads and 10,000 sockets", 1, 2000, 5},
    {"million", "1,000,000 sockets of 100,000 threads in 20 processes", 20, 5000, 10},
};

// The module's objects, how many and how large, and its hash tables where they are large.
void say_memory(const std::string& scene) {
    std::ifstream slabs("/proc/slabinfo"), areas("/proc/vmallocinfo");
    std::string line;
    long long tables = 0;

    while (std::getline(slabs, line)) {
        std::istringstream words(line);
        std::string name;
        long long active = 0, all = 0, size = 0;
        words >> name >> active >> all >> size;
        if (name.rfind("nta_", 0) == 0) {
            say(scene, name + " objects", active);
            say(scene, name + " bytes each", size);
        }
    }
    while (std::getline(areas, line)) {
        std::istringstream words(line);
        std::string range;
        long long size = 0;
        words >> range >> size;
        if (line.find(" bucket_table_alloc") != std::string::npos)
            tables += size;
    }
    say(scene, "large hash tables, bytes", tables);
}

void play(const Scene& scene) {
    const Fd sink = bound_socket(home, SOCK_DGRAM);
    Reader reader(scene.name);
    {
        auto begin = Clock::now();
        Children children(scene.processes, scene.threads, scene.sockets, name_of(sink));
        say(scene.name, "making them", since(begin));
        begin = Clock::now();
        children.use_all(); // those of whom nothing was heard for 15 seconds were forgotten
        say(scene.name, "a packet of each", since(begin));
        reader.sample(children.processes(), children.threads());
        children.use_all();
        dump_all(scene.name);
        say_memory(scene.name);
    }
    ::sleep(1);
    say(scene.name, "afterwards", 0);
    reader.collect();
    ::sleep(1);
    say_memory(scene.name);
}

constexpr size_t many = 10000;

void say_live(const LiveView& view, const std::string& what, int seconds) {
    const std::string scene = "the live view";
    const auto cost = view.watch(seconds);
    say(scene, what + ": refreshes", cost.refreshes);
    say(scene, what + ": a refresh", cost.each);
}

// Nobody else does anything, or nearly nobody; then 10,000 processes with a socket each, which all
// send now and then, or do nothing.
void play_live(const std::string& command) {
    const Fd sink = bound_socket(home, SOCK_DGRAM);
    {
        LiveView view(command);
        say_live(view, "start", 2);
        say_live(view, "at rest", 10);
        say("the live view", "at rest: memory, KiB", view.memory());
    }
    Children children(many, 1, 1, name_of(sink));
    for (const char number : {'1', '3', '5', '6'}) {
        LiveView view(command);
        const std::string what = std::string("view ") + number;
        view.press(number);
        (void)view.watch(3);
        children.use_all();
        say_live(view, what + ", all have sent", 1);
        say_live(view, what + ", nobody sends", 3);
        say("the live view", what + ": memory, KiB", view.memory());
    }
}

} // namespace

// Arguments: keys of scenes; or "live" and the command netatop.
int main(int argc, char** argv) {
    if (argc == 3 && argv[1] == std::string("live")) {
        play_live(argv[2]);
        return 0;
    }
    for (const Scene& scene : scenes)
        for (int i = 1; i < argc; i++)
            if (argv[i] == std::string(scene.key))
                play(scene);
    return 0;
}
