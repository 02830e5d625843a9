// SPDX-License-Identifier: GPL-2.0-only
#include "client.h"

#include "uapi/netatop_netlink.h"

#include <linux/genetlink.h>
#include <unistd.h>

#include <fstream>

namespace netatop {

namespace {

constexpr const char* reload =
    "upgrade netatop-dkms, then `modprobe -r netatop && modprobe netatop`";

// In which families are said to come and go.
constexpr std::uint32_t controller_group = GENL_ID_CTRL;

Error gone(int code = 0) {
    return {"the module has gone: `modprobe netatop`", Cause::module, code};
}

// There is no family: why?
Error no_family() {
    std::ifstream file("/sys/module/netatop/version");
    std::string version;
    if (std::getline(file, version))
        return {"the loaded module, version " + version + ", does not answer by netlink: " + reload,
                Cause::version};
    if (::access("/sys/module/netatop", F_OK) == 0)
        return {std::string("the loaded module does not answer by netlink: ") + reload,
                Cause::version};
    return {"the module is not loaded: `modprobe netatop`", Cause::module};
}

Error unfit(const std::string& what) {
    return {"the loaded module is not one for this program, " + what + ": " + reload,
            Cause::version};
}

Error too_old(const std::string& what) {
    return {"the loaded module is too old for this program, " + what + ": " + reload,
            Cause::version};
}

const char* group_of(End::Of kind) {
    switch (kind) {
    case End::Of::task:
        return NETATOP_GENL_GROUP_EXIT;
    case End::Of::cgroup:
        return NETATOP_GENL_GROUP_CGROUP;
    case End::Of::socket:
        return NETATOP_GENL_GROUP_CLOSE;
    case End::Of::overrun: // no group tells it
        break;
    }
    return "";
}

Result<Family> ask_family(NetlinkSocket& socket) {
    constexpr std::uint8_t version = 2; // of the controller
    Request request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, version);
    request.text(CTRL_ATTR_FAMILY_NAME, NETATOP_GENL_NAME);
    auto sent = socket.send(request, 0);
    if (!sent)
        return sent.error();
    const auto message = socket.next(true);
    if (!message)
        return message.error();
    if ((*message)->nlmsg_type == NLMSG_ERROR) {
        const auto answer = parse_answer(**message);
        if (!answer)
            return answer.error();
        return answer->code == ENOENT ? no_family() : explained(*answer);
    }
    auto family = parse_family(**message);
    if (family && family->version != NETATOP_GENL_VERSION)
        return unfit("its family has version " + std::to_string(family->version));
    return family;
}

} // namespace

Error explained(const Answer& answer) {
    const std::string words = answer.text.empty() ? "" : " (" + answer.text + ")";
    switch (answer.code) {
    case EPERM:
    case EACCES:
        return {"the module does not answer this user" + words +
                    ": be root, or have CAP_NET_ADMIN in the initial user namespace",
                Cause::privilege, answer.code};
    case ENOENT:
        return gone(answer.code);
    case EOPNOTSUPP:
        return too_old("it does not know what it is asked" + words);
    default:
        return system_error("the module refuses" + words, answer.code);
    }
}

Result<Step> step_of(const nlmsghdr& message, std::uint8_t answer) {
    if (message.nlmsg_type == NLMSG_NOOP)
        return Step::nothing;
    if (message.nlmsg_type == NLMSG_OVERRUN)
        return Error{"a message of the kernel was lost", Cause::overrun};
    if (message.nlmsg_type == NLMSG_ERROR || message.nlmsg_type == NLMSG_DONE) {
        const auto said = parse_answer(message);
        if (!said)
            return said.error();
        if (said->code != 0)
            return explained(*said);
        return Step::end;
    }
    return command_of(message) == answer ? Step::element : Step::nothing;
}

Result<Client> Client::open(Connect connect) {
    auto socket = NetlinkSocket::open(connect);
    if (!socket)
        return socket.error();
    auto family = ask_family(*socket);
    if (!family)
        return family.error();
    return Client(std::move(connect), *std::move(socket), *std::move(family));
}

Result<std::optional<Task>> Client::process(std::uint32_t tgid) {
    return task(NETATOP_A_TGID, tgid);
}

Result<std::optional<Task>> Client::thread(std::uint32_t pid) {
    return task(NETATOP_A_PID, pid);
}

Result<std::optional<Task>> Client::task(std::uint16_t attribute, std::uint32_t number) {
    Request request(family_.id, NETATOP_CMD_GET_TASK, NETATOP_GENL_VERSION);
    request.number(attribute, number);
    return one<Task>(request, NETATOP_CMD_TASK, parse_task, ESRCH);
}

Result<std::optional<Cgroup>> Client::cgroup(std::uint64_t id) {
    Request request(family_.id, NETATOP_CMD_GET_CGROUP, NETATOP_GENL_VERSION);
    request.number64(NETATOP_A_CGROUP, id);
    auto found = one<Cgroup>(request, NETATOP_CMD_CGROUP, parse_cgroup, ENOENT);
    if (!found || *found)
        return found;
    // A family that has gone has the same number for an answer.
    const auto family = ask_family(socket_);
    if (!family)
        return family.error();
    return found;
}

Result<Total> Client::total() {
    const Request request(family_.id, NETATOP_CMD_GET_TOTAL, NETATOP_GENL_VERSION);
    auto found = one<Total>(request, NETATOP_CMD_TOTAL, parse_total, -1);
    if (!found)
        return found.error();
    if (!*found)
        return gone();
    return **std::move(found);
}

// One answer to a request; none where the module says so by the error number `none`.
template <typename T>
Result<std::optional<T>> Client::one(Request request, std::uint8_t answer,
                                     typename Dump<T>::Parse parse, int none) {
    auto sent = socket_.send(request, 0);
    if (!sent)
        return sent.error();
    for (;;) {
        const auto message = socket_.next(true);
        if (!message)
            return message.error();
        const auto step = step_of(**message, answer);
        if (!step && step.error().code == none)
            return std::optional<T>();
        if (!step)
            return step.error();
        if (*step == Step::end)
            return std::optional<T>();
        if (*step == Step::nothing)
            continue;
        auto found = parse(**message);
        if (!found)
            return found.error();
        return std::optional(*std::move(found));
    }
}

// Each dump has a socket of its own: nothing is left in it for others when it is not gone through
// to its end.
template <typename T>
Dump<T> Client::dump(Request request, std::uint8_t answer, typename Dump<T>::Parse parse) const {
    auto socket = NetlinkSocket::open(connect_);
    if (!socket)
        return Dump<T>(socket.error());
    const auto sent = socket->send(request, NLM_F_DUMP);
    if (!sent)
        return Dump<T>(sent.error());
    return Dump<T>(*std::move(socket), answer, parse);
}

Dump<Task> Client::tasks(const TaskFilter& filter) const {
    Request request(family_.id, NETATOP_CMD_GET_TASK, NETATOP_GENL_VERSION);
    if (filter.threads)
        request.flag(NETATOP_A_THREADS);
    if (filter.tgid)
        request.number(NETATOP_A_TGID, *filter.tgid);
    return dump<Task>(request, NETATOP_CMD_TASK, parse_task);
}

Dump<Socket> Client::sockets(std::optional<std::uint32_t> tgid) const {
    Request request(family_.id, NETATOP_CMD_GET_SOCK, NETATOP_GENL_VERSION);
    if (tgid)
        request.number(NETATOP_A_TGID, *tgid);
    return dump<Socket>(request, NETATOP_CMD_SOCK, parse_socket);
}

Dump<Cgroup> Client::cgroups() const {
    const Request request(family_.id, NETATOP_CMD_GET_CGROUP, NETATOP_GENL_VERSION);
    return dump<Cgroup>(request, NETATOP_CMD_CGROUP, parse_cgroup);
}

Result<Ends> Client::exits(int buffer) const {
    return ends({End::Of::task}, buffer);
}

Result<Ends> Client::cgroup_ends(int buffer) const {
    return ends({End::Of::cgroup}, buffer);
}

Result<Ends> Client::ends(const std::vector<End::Of>& of, int buffer) const {
    Groups numbers{controller_group};
    for (const auto kind : of) {
        const std::string name = group_of(kind);
        const auto group = family_.groups.find(name);
        if (group == family_.groups.end())
            return too_old("it has no group '" + name + "'");
        numbers.push_back(group->second);
    }
    auto socket = NetlinkSocket::open(connect_, numbers);
    if (!socket && (socket.error().code == EPERM || socket.error().code == EACCES))
        return explained({socket.error().code, {}});
    if (!socket)
        return socket.error();
    socket->buffer(buffer);
    return Ends(*std::move(socket), family_.id);
}

Result<std::optional<End>> Ends::next() {
    for (;;) {
        const auto message = socket_.next(false);
        if (!message && message.error().cause == Cause::overrun)
            return std::optional(End{});
        if (!message)
            return message.error();
        if (*message == nullptr)
            return std::optional<End>();
        const auto command = command_of(**message);
        if ((*message)->nlmsg_type == GENL_ID_CTRL) {
            if (command != CTRL_CMD_DELFAMILY)
                continue;
            const auto family = parse_family(**message);
            if (family && family->id == family_)
                return gone();
        } else if (command == NETATOP_CMD_EXIT) {
            auto task = parse_task(**message);
            if (!task)
                return task.error();
            return std::optional(End{End::Of::task, *std::move(task), {}, {}});
        } else if (command == NETATOP_CMD_CGROUP_END) {
            const auto cgroup = parse_cgroup(**message);
            if (!cgroup)
                return cgroup.error();
            return std::optional(End{End::Of::cgroup, {}, *cgroup, {}});
        } else if (command == NETATOP_CMD_CLOSE) {
            auto closed = parse_closed(**message);
            if (!closed)
                return closed.error();
            return std::optional(End{End::Of::socket, {}, {}, *std::move(closed)});
        }
    }
}

} // namespace netatop
