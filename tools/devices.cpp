// SPDX-License-Identifier: GPL-2.0-only
#include "devices.h"

#include <fstream>
#include <sstream>

namespace netatop {

Devices parse_devices(std::istream& lines) {
    Devices devices;
    for (std::string line; std::getline(lines, line);) {
        const auto colon = line.rfind(':'); // a name may have one itself
        const auto begin = line.find_first_not_of(' ');
        if (colon == std::string::npos || begin >= colon)
            continue;
        std::istringstream numbers(line.substr(colon + 1));
        Carried carried;
        std::uint64_t other = 0;
        numbers >> carried.received.bytes >> carried.received.packets;
        for (int i = 0; i < 6; ++i)
            numbers >> other;
        numbers >> carried.sent.bytes >> carried.sent.packets;
        if (numbers)
            devices[line.substr(begin, colon - begin)] = carried;
    }
    return devices;
}

std::optional<Devices> devices(const std::string& file) {
    std::ifstream in(file);
    if (!in)
        return std::nullopt;
    return parse_devices(in);
}

Devices only(const Devices& devices, const std::string& name) {
    const auto found = devices.find(name);
    return found == devices.end() ? Devices{} : Devices{*found};
}

Carried carried_between(const Devices& before, const Devices& now) {
    Carried all;
    const auto add = [](Flow& to, const Flow& since, const Flow& until) {
        to += Flow{rest(until.packets, since.packets), rest(until.bytes, since.bytes)};
    };
    for (const auto& [name, carried] : now) {
        const auto old = before.find(name);
        const Carried since = old == before.end() ? Carried() : old->second;
        add(all.received, since.received, carried.received);
        add(all.sent, since.sent, carried.sent);
    }
    return all;
}

} // namespace netatop
