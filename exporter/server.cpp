// SPDX-License-Identifier: GPL-2.0-only
#include "server.h"

#include "compress.h"
#include "negotiation.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace netatop {

namespace {

constexpr const char* plain = "text/plain; charset=utf-8";
constexpr const char* landing = R"(<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>netatop-exporter</title></head>
<body>
<h1>netatop-exporter )" NETATOP_VERSION R"(</h1>
<p>Who uses the network on this host, exactly: by slice, unit, container and command.</p>
<ul>
<li><a href="/metrics">/metrics</a>: for Prometheus and others that read its format, or OpenMetrics</li>
<li><a href="/-/healthy">/-/healthy</a>: answers while the exporter runs</li>
</ul>
</body>
</html>
)";

std::string header(MHD_Connection* connection, const char* name) {
    const char* value = ::MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value == nullptr ? std::string() : value;
}

// Nothing that can be asked for has one.
bool has_body(MHD_Connection* connection) {
    const auto length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return (!length.empty() && length != "0") ||
           !header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING).empty();
}

int fd_of(MHD_Connection* connection) {
    const auto* info = ::MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == nullptr ? -1 : info->connect_fd;
}

} // namespace

struct Server::Answer {
    unsigned status = MHD_HTTP_OK;
    std::string type = plain;
    std::string body;
    std::vector<std::pair<const char*, const char*>> headers{};
};

// What libmicrohttpd calls.
struct Server::Callbacks {
    // The library gives it back when it has sent it: a copy of megabytes is not made.
    static MHD_Response* response_of(std::string body) {
        auto kept = std::make_unique<std::string>(std::move(body));
        MHD_Response* response = ::MHD_create_response_from_buffer_with_free_callback_cls(
            kept->size(), kept->data(), &done_with, kept.get());
        if (response != nullptr)
            (void)kept.release();
        return response;
    }
    static void done_with(void* body) {
        const std::unique_ptr<std::string> kept(static_cast<std::string*>(body));
    }
    static MHD_Result asked(void* server, MHD_Connection* connection, const char* path,
                            const char* method, const char* /*version*/, const char* /*data*/,
                            std::size_t* /*size*/, void** state) {
        // An answer to the headers alone, before there could be a body, would end the connection.
        if (*state == nullptr && !has_body(connection)) {
            *state = server;
            return MHD_YES;
        }
        auto answer = static_cast<Server*>(server)->answer(method, path, connection);
        MHD_Response* response = response_of(std::move(answer.body));
        if (response == nullptr)
            return MHD_NO;
        (void)::MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                        answer.type.c_str());
        (void)::MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
        (void)::MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
        for (const auto& [name, value] : answer.headers)
            (void)::MHD_add_response_header(response, name, value);
        const auto queued = ::MHD_queue_response(connection, answer.status, response);
        ::MHD_destroy_response(response);
        return queued;
    }
    static void connection(void* server, MHD_Connection* connection, void** /*context*/,
                           MHD_ConnectionNotificationCode what) {
        auto& since = static_cast<Server*>(server)->since_;
        if (what == MHD_CONNECTION_NOTIFY_STARTED)
            since[connection] = Clock::now();
        else
            since.erase(connection);
    }
    static void completed(void* server, MHD_Connection* connection, void** /*state*/,
                          MHD_RequestTerminationCode /*why*/) {
        auto& since = static_cast<Server*>(server)->since_;
        if (const auto at = since.find(connection); at != since.end())
            at->second = Clock::now();
    }
};

void Server::Stop::operator()(MHD_Daemon* daemon) const {
    ::MHD_stop_daemon(daemon);
}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const Descriptor& listener, Expose expose,
                                              const ServerLimits& limits) {
    std::unique_ptr<Server> server(new Server(std::move(expose), limits));
    // The library closes its own.
    const int own = ::fcntl(listener.get(), F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        return system_error("cannot duplicate the socket");
    server->daemon_.reset(::MHD_start_daemon(
        MHD_USE_EPOLL, 0, nullptr, nullptr, &Callbacks::asked, server.get(),
        MHD_OPTION_LISTEN_SOCKET, own, MHD_OPTION_CONNECTION_LIMIT, limits.connections,
        MHD_OPTION_CONNECTION_TIMEOUT, limits.silence, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        limits.memory, MHD_OPTION_NOTIFY_CONNECTION, &Callbacks::connection, server.get(),
        MHD_OPTION_NOTIFY_COMPLETED, &Callbacks::completed, server.get(), MHD_OPTION_END));
    if (!server->daemon_)
        return Error{"cannot start the HTTP server"};
    return server;
}

int Server::fd() const {
    return ::MHD_get_daemon_info(daemon_.get(), MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int Server::timeout() const {
    constexpr int look = 1000; // for slow ones
    MHD_UNSIGNED_LONG_LONG wanted = 0;
    const bool any = ::MHD_get_timeout(daemon_.get(), &wanted) == MHD_YES;
    if (since_.empty() && !any)
        return -1;
    return any ? static_cast<int>(std::min<MHD_UNSIGNED_LONG_LONG>(wanted, look)) : look;
}

void Server::run() {
    (void)::MHD_run(daemon_.get());
    drop_slow_ones();
}

// A client that sends or takes a byte now and then is never silent.
void Server::drop_slow_ones() {
    const auto now = Clock::now();
    for (const auto& [connection, since] : since_)
        if (now - since > limits_.request)
            (void)::shutdown(fd_of(connection), SHUT_RDWR);
}

Server::Answer Server::answer(const std::string& method, const std::string& path,
                              MHD_Connection* connection) const {
    if (has_body(connection))
        return {MHD_HTTP_CONTENT_TOO_LARGE,
                plain,
                "a request has no body here\n",
                {{MHD_HTTP_HEADER_CONNECTION, "close"}}};
    if (method != MHD_HTTP_METHOD_GET && method != MHD_HTTP_METHOD_HEAD)
        return {MHD_HTTP_METHOD_NOT_ALLOWED,
                plain,
                "only GET and HEAD\n",
                {{MHD_HTTP_HEADER_ALLOW, "GET, HEAD"}}};
    if (path == "/metrics")
        return metrics(connection);
    if (path == "/-/healthy")
        return {MHD_HTTP_OK, plain, "netatop-exporter is healthy\n"};
    if (path == "/")
        return {MHD_HTTP_OK, "text/html; charset=utf-8", landing};
    return {MHD_HTTP_NOT_FOUND, plain, "there is nothing here: metrics are at /metrics\n"};
}

Server::Answer Server::metrics(MHD_Connection* connection) const {
    const auto dialect = dialect_for(header(connection, MHD_HTTP_HEADER_ACCEPT));
    auto text = expose_(dialect);
    if (!text)
        return {MHD_HTTP_SERVICE_UNAVAILABLE, plain, text.error().text + '\n'};
    Answer answer{MHD_HTTP_OK,
                  dialect == Dialect::openmetrics
                      ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                      : "text/plain; version=0.0.4; charset=utf-8",
                  *std::move(text),
                  {{MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding"}}};
    if (!takes_gzip(header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING)))
        return answer;
    if (auto small = gzipped(answer.body)) {
        answer.body = *std::move(small);
        answer.headers.emplace_back(MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    }
    return answer;
}

} // namespace netatop
