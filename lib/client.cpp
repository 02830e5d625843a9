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
        return unfit("it does not know what it is asked" + words);
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
    auto sent = socket_.send(request, 0);
    if (!sent)
        return sent.error();
    for (;;) {
        const auto message = socket_.next(true);
        if (!message)
            return message.error();
        const auto step = step_of(**message, NETATOP_CMD_TASK);
        if (!step && step.error().code == ESRCH)
            return std::optional<Task>();
        if (!step)
            return step.error();
        if (*step == Step::end)
            return std::optional<Task>();
        if (*step == Step::nothing)
            continue;
        auto task = parse_task(**message);
        if (!task)
            return task.error();
        return std::optional(*std::move(task));
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

Result<Exits> Client::exits(int buffer) const {
    const auto group = family_.groups.find(NETATOP_GENL_GROUP_EXIT);
    if (group == family_.groups.end())
        return unfit("it tells of no exits");
    auto socket = NetlinkSocket::open(connect_, {group->second, controller_group});
    if (!socket && (socket.error().code == EPERM || socket.error().code == EACCES))
        return explained({socket.error().code, {}});
    if (!socket)
        return socket.error();
    socket->buffer(buffer);
    return Exits(*std::move(socket), family_.id);
}

Result<std::optional<ExitEvent>> Exits::next() {
    for (;;) {
        const auto message = socket_.next(false);
        if (!message && message.error().cause == Cause::overrun)
            return std::optional(ExitEvent{true});
        if (!message)
            return message.error();
        if (*message == nullptr)
            return std::optional<ExitEvent>();
        if ((*message)->nlmsg_type == GENL_ID_CTRL) {
            if (command_of(**message) != CTRL_CMD_DELFAMILY)
                continue;
            const auto family = parse_family(**message);
            if (family && family->id == family_)
                return gone();
            continue;
        }
        if (command_of(**message) != NETATOP_CMD_EXIT)
            continue;
        auto task = parse_task(**message);
        if (!task)
            return task.error();
        return std::optional(ExitEvent{false, *std::move(task)});
    }
}

} // namespace netatop
