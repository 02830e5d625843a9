// SPDX-License-Identifier: GPL-2.0-only
#include "workload.h"

#include "text.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace netatop {

namespace {

constexpr std::size_t id_length = 64; // of containers, in hexadecimal digits

// What is between the two; empty when it is not so.
std::string_view between(std::string_view text, std::string_view before, std::string_view behind) {
    if (text.size() <= before.size() + behind.size() || !begins(text, before) ||
        !ends(text, behind))
        return {};
    return text.substr(before.size(), text.size() - before.size() - behind.size());
}

bool is_id(std::string_view text) {
    return text.size() == id_length &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_unit(std::string_view name) {
    constexpr std::array<std::string_view, 5> types{".service", ".scope", ".socket", ".mount",
                                                    ".swap"};
    return std::any_of(types.begin(), types.end(), [&](std::string_view type) {
        return name.size() > type.size() && ends(name, type);
    });
}

bool is_slice(std::string_view name) {
    return name.size() > 6 && ends(name, ".slice");
}

// systemd puts an underscore before names that would be those of the kernel's files.
std::string_view unescaped(std::string_view name) {
    return begins(name, "_") ? name.substr(1) : name;
}

std::vector<std::string_view> parts_of(std::string_view path) {
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        const auto slash = path.find('/');
        if (slash != 0)
            parts.push_back(unescaped(path.substr(0, slash)));
        if (slash == std::string_view::npos)
            break;
        path.remove_prefix(slash + 1);
    }
    return parts;
}

void set_container(Workload& workload, std::string_view engine, std::string_view id) {
    workload.engine = engine;
    workload.container = id;
}

// \x2d stands for "-" in names of units.
std::string dashes(std::string_view text) {
    std::string result(text);
    for (auto at = result.find("\\x2d"); at != std::string::npos; at = result.find("\\x2d", at + 1))
        result.replace(at, 4, "-");
    return result;
}

// A container by its own name in the path: a scope made by systemd for an engine, or a directory.
bool take_container(Workload& workload, std::string_view part) {
    struct Form {
        std::string_view engine, before, behind;
        bool id;
    };
    constexpr std::array<Form, 10> forms{{
        {"docker", "docker-", ".scope", true},
        {"containerd", "cri-containerd-", ".scope", true},
        {"containerd", "nerdctl-", ".scope", true},
        {"crio", "crio-", ".scope", true},
        {"crio", "crio-", "", true},
        {"podman", "libpod-", ".scope", true},
        {"podman", "libpod-", "", true},
        {"lxc", "lxc.payload.", "", false},
        {"nspawn", "systemd-nspawn@", ".service", false},
        {"nspawn", "machine-", ".scope", false},
    }};
    for (const auto& form : forms) {
        const auto id = between(part, form.before, form.behind);
        if (id.empty() || (form.id && !is_id(id)))
            continue;
        set_container(workload, form.engine, form.id ? std::string(id) : dashes(id));
        return true;
    }
    return false;
}

// Where the engine has no help of systemd: a directory of its own with one for each container.
void take_plain(Workload& workload, std::string_view parent, std::string_view part) {
    if (parent == "docker" && is_id(part))
        set_container(workload, "docker", part);
    else if (parent == "lxc" && !workload.pod.empty())
        return;
    else if (parent == "lxc")
        set_container(workload, "lxc", part);
    else if (!workload.pod.empty() && is_id(part))
        set_container(workload, "containerd", part);
}

// kubepods-burstable-pod1234_5678.slice, or a directory pod1234-5678 in kubepods.
void take_pod(Workload& workload, std::string_view part, bool in_kubepods) {
    std::string_view uid;
    if (const auto slice = between(part, "", ".slice"); !slice.empty()) {
        const auto kube = slice.find("kubepods");
        const auto pod = slice.rfind("-pod");
        if (kube != std::string_view::npos && pod != std::string_view::npos)
            uid = slice.substr(pod + 4);
    } else if (in_kubepods) {
        uid = between(part, "pod", "");
    }
    if (uid.empty())
        return;
    workload.pod = uid;
    std::replace(workload.pod.begin(), workload.pod.end(), '_', '-');
}

} // namespace

Workload workload_of(const std::string& path) {
    Workload workload;
    std::string_view parent;
    bool in_kubepods = false;
    for (const auto part : parts_of(path)) {
        in_kubepods = in_kubepods || begins(part, "kubepods");
        take_pod(workload, part, in_kubepods);
        if (!take_container(workload, part))
            take_plain(workload, parent, part);
        if (workload.unit.empty()) {
            if (is_slice(part))
                workload.slice = part;
            else if (is_unit(part))
                workload.unit = part;
        } else if (begins(workload.unit, "user@") && workload.user_unit.empty() && is_unit(part)) {
            workload.user_unit = part;
        }
        parent = part;
    }
    return workload;
}

std::string full_unit(const Workload& workload) {
    return workload.user_unit.empty() ? workload.unit : workload.unit + "/" + workload.user_unit;
}

} // namespace netatop
