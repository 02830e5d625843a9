// SPDX-License-Identifier: GPL-2.0-only
#include "place.h"

#include "format.h"
#include "users.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <climits>
#include <vector>

namespace netatop {

namespace {

Error refusal(const std::string& text) {
    return {text, Cause::log};
}

std::string owner_of(const struct stat& entry) {
    return "belongs to user " + std::to_string(entry.st_uid);
}

Result<Place> open_parent(const std::string& path) {
    const auto slash = path.rfind('/');
    if (path.empty() || path.front() != '/' || slash + 1 == path.size())
        return refusal("the log's name must be an absolute path of a file: '" + path + "'");

    const std::string parent = slash == 0 ? "/" : path.substr(0, slash);
    Place place{Descriptor(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
                path.substr(slash + 1), path, path};
    if (!place.directory)
        return system_error("cannot open the log's directory " + parent, errno, Cause::log);

    struct stat info {};
    if (::fstat(place.directory.get(), &info) != 0)
        return system_error("cannot look at the log's directory " + parent, errno, Cause::log);
    if (!trusted_user(info.st_uid))
        return refusal("the log's directory " + parent + " " + owner_of(info) + ": refused");
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return refusal("others may write the log's directory " + parent + ": refused");
    return place;
}

// The entry of the log itself; st_mode is 0 when there is none.
Result<struct stat> look_at(const Place& place) {
    struct stat info {};
    if (::fstatat(place.directory.get(), place.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            return system_error("cannot look at " + place.path, errno, Cause::log);
        info.st_mode = 0;
        return info;
    }
    if (!trusted_user(info.st_uid))
        return refusal(place.path + " " + owner_of(info) + ": refused; remove it");
    return info;
}

Result<std::string> link_target(const Place& place) {
    std::vector<char> target(PATH_MAX);
    const ssize_t length =
        ::readlinkat(place.directory.get(), place.name.c_str(), target.data(), target.size());
    if (length < 0)
        return system_error("cannot read the link " + place.path, errno, Cause::log);

    std::string path(target.data(), static_cast<std::size_t>(length));
    if (path.empty() || path.front() == '/')
        return path;
    return place.path.substr(0, place.path.rfind('/') + 1) + path;
}

// The directory of the service, which goes away with it, for who runs the daemon by hand.
void make_directory(const std::string& asked, const std::string& target) {
    if (asked == default_log_path && ::geteuid() == 0)
        ::mkdir(target.substr(0, target.rfind('/')).c_str(), 0711); // to open it tells of a failure
}

} // namespace

Error with_advice(Error error, const std::string& asked) {
    if (asked == default_log_path && (error.code == EACCES || error.code == ENOENT))
        error.text += "; `systemctl restart netatopd` makes its directory and the link to it again";
    return error;
}

Result<Place> Place::find(const std::string& path) {
    auto place = open_parent(path);
    if (!place)
        return place;
    auto entry = look_at(*place);
    if (!entry)
        return entry.error();

    if (S_ISLNK(entry->st_mode)) {
        const auto target = link_target(*place);
        if (!target)
            return target.error();
        make_directory(path, *target);
        place = open_parent(*target);
        if (!place)
            return with_advice(place.error(), path);
        place->asked = path;
        entry = look_at(*place);
        if (!entry)
            return entry.error();
    }
    if (entry->st_mode != 0 && !S_ISREG(entry->st_mode))
        return refusal(place->path + " is not a regular file: refused; remove it");
    return place;
}

} // namespace netatop
