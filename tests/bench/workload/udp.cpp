// One datagram, sent and received by one thread.
#include "workload.h"

namespace {

class Udp : public Workload {
public:
    Udp(const Path& path, bool connected)
        : connected_(connected), from_(bound_socket(path.client, SOCK_DGRAM)),
          to_(bound_socket(path.server, SOCK_DGRAM)), address_(name_of(to_)) {
        if (connected) {
            connect_to(from_, address_);
            connect_to(to_, name_of(from_));
        }
    }

    void run(long operations) override {
        const char message[MESSAGE] = {};

        for (long i = 0; i < operations; i++) {
            if (::sendto(from_.get(), message, sizeof(message), 0,
                         connected_ ? nullptr : address_.get(),
                         connected_ ? 0 : address_.length) != sizeof(message))
                fail("sendto");
            receive_all(to_, sizeof(message));
        }
    }

private:
    bool connected_;
    Fd from_;
    Fd to_;
    Address address_;
};

} // namespace

std::vector<Recipe> udp_recipes(const Path& path) {
    return {
        {"udp", 10, 200, 10, [path] { return std::make_unique<Udp>(path, false); }},
        {"udp-connected", 10, 200, 10, [path] { return std::make_unique<Udp>(path, true); }},
    };
}
