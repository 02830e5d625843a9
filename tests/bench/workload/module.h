// Kernel modules, which are loaded while something is measured.
#pragma once

#include <string>

// What to measure with: a name for it, and a module with its parameters, or none.
struct Variant {
    std::string name;
    std::string file;
    std::string parameters;

    // From NAME=[FILE[ PARAMETERS]].
    Variant(
        const std::string& text); // NOLINT(google-explicit-constructor): made from a list of them
};

// The module of a variant is loaded as long as this object lives.
class LoadedModule {
public:
    explicit LoadedModule(const Variant& variant);
    LoadedModule(const LoadedModule&) = delete;
    LoadedModule& operator=(const LoadedModule&) = delete;
    ~LoadedModule();

private:
    std::string name_;
};
