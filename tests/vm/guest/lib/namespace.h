// SPDX-License-Identifier: GPL-2.0-only
// Network namespaces, held by a descriptor: one disappears with its object.
#pragma once

#include <cstdint>
#include <string>

#include "lib/fd.h"

namespace guest {

class Namespace {
public:
    // A new namespace with its loopback interface up.
    Namespace();

    // Moves the calling thread.
    void enter() const;
    // A name that ip(8) accepts wherever it wants a namespace.
    std::string path() const;
    // The number by which the kernel tells it.
    std::uint32_t inode() const;

    // Configuration from inside: ip(8) batch lines, an nft(8) script, a file below /proc/sys/net.
    void ip(const std::string& lines) const;
    std::string nft(const std::string& script) const;
    std::string run(const std::string& command) const;
    void sysctl(const std::string& name, const std::string& value) const;

private:
    Fd fd_;
};

// The calling thread is inside a namespace for as long as this object lives.
class Inside {
public:
    explicit Inside(const Namespace& ns);
    ~Inside();
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

private:
    Fd home_;
};

} // namespace guest
