// SPDX-License-Identifier: GPL-2.0-only
#include "cgroups.h"

#include <fcntl.h>
#include <mntent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sstream>
#include <system_error>
#include <utility>

namespace netatop {

namespace {

// How often all cgroups are looked through for one that is not known.
constexpr std::chrono::seconds pause{1};

// The type of a file handle as kernfs makes them: the number of the node alone.
constexpr int kernfs_type = 0xfe;

} // namespace

Cgroups::Cgroups() : Cgroups(mount_point("/proc/self/mounts")) {}

Cgroups::Cgroups(std::string root)
    : root_(std::move(root)),
      directory_(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    struct stat status {};
    if (directory_ && ::fstat(directory_.get(), &status) == 0) {
        root_id_ = status.st_ino;
        paths_[root_id_] = "/";
        handles_ = by_handle(status.st_ino) == "/";
    }
}

std::string Cgroups::mount_point(const std::string& mounts) {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(::setmntent(mounts.c_str(), "re"),
                                                     ::endmntent);
    if (!file)
        return {};
    mntent entry{};
    std::array<char, 4UL * PATH_MAX> text{};
    while (::getmntent_r(file.get(), &entry, text.data(), static_cast<int>(text.size())) != nullptr)
        if (std::strcmp(entry.mnt_type, "cgroup2") == 0)
            return entry.mnt_dir;
    return {};
}

std::string Cgroups::path_in(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.rfind("0::/", 0) == 0)
            return line.rfind("0::/..", 0) == 0 ? std::string() : line.substr(3);
    return {};
}

std::optional<std::string> Cgroups::path(std::uint64_t id) {
    if (!directory_)
        return std::nullopt;
    if (const auto known = paths_.find(id); known != paths_.end())
        return known->second;
    if (handles_) {
        auto found = by_handle(id);
        if (found)
            paths_.emplace(id, *found);
        return found;
    }
    search();
    const auto found = paths_.find(id);
    return found == paths_.end() ? std::nullopt : std::optional(found->second);
}

void Cgroups::keep(const std::vector<std::uint64_t>& cgroups) {
    auto root = paths_.extract(root_id_);
    keep_only(paths_, cgroups);
    paths_.insert(std::move(root));
}

// In one step, which needs CAP_DAC_READ_SEARCH.
std::optional<std::string> Cgroups::by_handle(std::uint64_t id) const {
    std::array<char, sizeof(file_handle) + sizeof id> bytes{};
    file_handle head{};
    head.handle_bytes = sizeof id;
    head.handle_type = kernfs_type;
    std::memcpy(bytes.data(), &head, sizeof head);
    std::memcpy(bytes.data() + sizeof head, &id, sizeof id);
    auto* handle = static_cast<file_handle*>(static_cast<void*>(bytes.data()));
    const Descriptor node(
        ::open_by_handle_at(directory_.get(), handle, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!node)
        return std::nullopt;
    std::array<char, PATH_MAX> path{};
    const std::string link = "/proc/self/fd/" + std::to_string(node.get());
    const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
    std::string name(path.data(), static_cast<std::size_t>(length < 0 ? 0 : length));
    if (name.rfind(root_, 0) != 0)
        return std::nullopt;
    name.erase(0, root_.size());
    return name.empty() ? "/" : name;
}

void Cgroups::search() {
    const auto now = std::chrono::steady_clock::now();
    if (searched_ && now < *searched_ + pause)
        return;
    searched_ = now;
    struct stat status {};
    namespace fs = std::filesystem;
    std::error_code error;
    // Cgroups come and go meanwhile: what cannot be read is passed over.
    fs::recursive_directory_iterator at(root_, fs::directory_options::skip_permission_denied,
                                        error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        std::error_code ignored;
        if (!at->is_directory(ignored) || ::lstat(at->path().c_str(), &status) != 0)
            continue;
        paths_[status.st_ino] = at->path().string().substr(root_.size());
    }
}

} // namespace netatop
