#include "module.h"
#include "socket.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace {

// For a profiler outside of the machine, where BENCH_PROFILE asks for it.
void save_symbols(const std::string& variant) {
    if (::getenv("BENCH_PROFILE"))
        std::ofstream("/results/kallsyms-" + variant) << std::ifstream("/proc/kallsyms").rdbuf();
}

} // namespace

Variant::Variant(const std::string& text) {
    const size_t equals = text.find('=');
    const size_t space = text.find(' ');

    name = text.substr(0, equals);
    if (equals != std::string::npos)
        file = text.substr(equals + 1, space == std::string::npos ? space : space - equals - 1);
    if (space != std::string::npos)
        parameters = text.substr(space + 1);
}

LoadedModule::LoadedModule(const Variant& variant) {
    if (!variant.file.empty()) {
        const Fd file(::open(variant.file.c_str(), O_RDONLY | O_CLOEXEC));
        if (file.get() < 0 ||
            ::syscall(SYS_finit_module, file.get(), variant.parameters.c_str(), 0) != 0)
            fail("load " + variant.file);
        const size_t begin = variant.file.rfind('/') + 1;
        name_ = variant.file.substr(begin, variant.file.rfind(".ko") - begin);
    }
    save_symbols(variant.name);
}

LoadedModule::~LoadedModule() {
    if (!name_.empty() && ::syscall(SYS_delete_module, name_.c_str(), O_NONBLOCK) != 0)
        fail("unload " + name_);
}
