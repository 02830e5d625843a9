// Processes that live short: each sends a datagram and ends.
#include "workload.h"

#include <sys/wait.h>
#include <unistd.h>

namespace {

// In the memory of their parent, so that little else of a process is made and taken apart.
class ShortLives : public Workload {
public:
    explicit ShortLives(const Path& path)
        : path_(path), server_(bound_socket(path.server, SOCK_DGRAM)), address_(name_of(server_)) {}

    void run(long operations) override {
        for (long i = 0; i < operations; i++) {
            const Fd client = open_socket(path_.client, SOCK_DGRAM);
            connect_to(client, address_);
            live(client);
            receive_all(server_, MESSAGE);
        }
    }

private:
    static void live(const Fd& client) {
        static const char message[MESSAGE] = {};
        const pid_t child = ::vfork();

        if (child == 0) {
            const auto sent = ::send(client.get(), message, sizeof(message), 0);
            ::_exit(sent == sizeof(message) ? 0 : 1);
        }
        int status = 0;
        if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0)
            fail("process");
    }

    Path path_;
    Fd server_;
    Address address_;
};

} // namespace

std::vector<Recipe> process_recipes(const Path& path) {
    return {
        {"processes", 200, 500, 4, [path] { return std::make_unique<ShortLives>(path); }},
    };
}
