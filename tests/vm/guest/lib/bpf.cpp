// SPDX-License-Identifier: GPL-2.0-only
#include "lib/bpf.h"

#include <cstddef>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/socket.h>
#include <sys/syscall.h>

namespace guest::bpf {

namespace {

using Code = std::vector<bpf_insn>;

int call(int command, bpf_attr& attributes, const char* what) {
    return static_cast<int>(
        check(::syscall(SYS_bpf, command, &attributes, sizeof(attributes)), what));
}

std::uint64_t pointer(const void* data) {
    return reinterpret_cast<std::uintptr_t>(data);
}

Fd make_map(bpf_map_type type, unsigned size) {
    bpf_attr attributes{};
    attributes.map_type = type;
    attributes.key_size = 4;
    attributes.value_size = 8;
    attributes.max_entries = size;
    return Fd(call(BPF_MAP_CREATE, attributes, "make a BPF map"));
}

Fd load(bpf_prog_type type, const Code& code, unsigned attach_type = 0) {
    bpf_attr attributes{};
    attributes.prog_type = type;
    attributes.expected_attach_type = attach_type;
    attributes.insns = pointer(code.data());
    attributes.insn_cnt = code.size();
    attributes.license = pointer("GPL");
    return Fd(call(BPF_PROG_LOAD, attributes, "load a BPF program"));
}

enum Register : std::uint8_t { r0, r1, r2, r3, r6 = 6, r7, r10 = 10 };
constexpr std::int16_t key = -4; // a place on the stack

bpf_insn instruction(int code, unsigned to, unsigned from, std::int16_t offset, int value) {
    bpf_insn made{};
    made.code = static_cast<std::uint8_t>(code);
    made.dst_reg = to & 15;
    made.src_reg = from & 15;
    made.off = offset;
    made.imm = value;
    return made;
}
bpf_insn set(Register to, int value) {
    return instruction(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}
bpf_insn copy(Register to, Register from) {
    return instruction(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}
bpf_insn compute(int operation, Register to, int value) {
    return instruction(BPF_ALU64 | operation | BPF_K, to, 0, 0, value);
}
bpf_insn read(int size, Register to, Register from, std::size_t offset) {
    return instruction(BPF_LDX | BPF_MEM | size, to, from, static_cast<std::int16_t>(offset), 0);
}
bpf_insn write(int size, Register to, std::int16_t offset, Register from) {
    return instruction(BPF_STX | BPF_MEM | size, to, from, offset, 0);
}
bpf_insn jump_if(int condition, Register what, int value, std::int16_t by) {
    return instruction(BPF_JMP | condition | BPF_K, what, 0, by, value);
}
bpf_insn helper(int function) {
    return instruction(BPF_JMP | BPF_CALL, 0, 0, 0, function);
}
bpf_insn leave() {
    return instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}
void set_map(Code& code, Register to, int map) {
    code.push_back(instruction(BPF_LD | BPF_IMM | BPF_DW, to, BPF_PSEUDO_MAP_FD, 0, map));
    code.push_back({});
}

// r0 = the element of the map that is at the key.
void find(Code& code, int map) {
    set_map(code, r1, map);
    code.insert(code.end(),
                {copy(r2, r10), compute(BPF_ADD, r2, key), helper(BPF_FUNC_map_lookup_elem)});
}

// r7 = the counter, which is then counted up; leaves with r0 = unless when there is none.
void count(Code& code, int map, int unless) {
    code.insert(code.end(), {set(r7, 0), write(BPF_W, r10, key, r7)});
    find(code, map);
    code.insert(code.end(),
                {jump_if(BPF_JNE, r0, 0, 2), set(r0, unless), leave(), read(BPF_DW, r7, r0, 0),
                 copy(r1, r7), compute(BPF_ADD, r1, 1), write(BPF_DW, r0, 0, r1)});
}

} // namespace

Counter::Counter() : map_(make_map(BPF_MAP_TYPE_ARRAY, 1)) {}

std::uint64_t Counter::value() const {
    const std::uint32_t index = 0;
    std::uint64_t value = 0;
    bpf_attr attributes{};
    attributes.map_fd = map_.get();
    attributes.key = pointer(&index);
    attributes.value = pointer(&value);
    call(BPF_MAP_LOOKUP_ELEM, attributes, "read a BPF map");
    return value;
}

Sockets::Sockets(unsigned size) : map_(make_map(BPF_MAP_TYPE_SOCKMAP, size)) {}

void Sockets::set(unsigned index, int socket) const {
    const std::uint64_t value = socket;
    bpf_attr attributes{};
    attributes.map_fd = map_.get();
    attributes.key = pointer(&index);
    attributes.value = pointer(&value);
    call(BPF_MAP_UPDATE_ELEM, attributes, "put a socket into a BPF map");
}

Fd round_robin(const Counter& counter, unsigned members) {
    Code code;
    count(code, counter.fd(), 0);
    code.insert(code.end(),
                {copy(r0, r7), compute(BPF_MOD, r0, static_cast<int>(members)), leave()});
    return load(BPF_PROG_TYPE_SOCKET_FILTER, code);
}

Fd round_robin_lookup(const Counter& counter, const Sockets& sockets, std::uint16_t port) {
    Code code{copy(r6, r1), read(BPF_W, r2, r1, offsetof(bpf_sk_lookup, local_port)),
              jump_if(BPF_JEQ, r2, port, 2), set(r0, SK_PASS), leave()};
    count(code, counter.fd(), SK_PASS);
    code.insert(code.end(), {compute(BPF_AND, r7, 1), write(BPF_W, r10, key, r7)});
    find(code, sockets.fd());
    code.insert(code.end(), {jump_if(BPF_JNE, r0, 0, 2), set(r0, SK_PASS), leave(), copy(r7, r0),
                             copy(r1, r6), copy(r2, r0), set(r3, 0), helper(BPF_FUNC_sk_assign),
                             copy(r1, r7), helper(BPF_FUNC_sk_release), set(r0, SK_PASS), leave()});
    return load(BPF_PROG_TYPE_SK_LOOKUP, code, BPF_SK_LOOKUP);
}

void attach_classic(const Fd& socket, std::vector<sock_filter> code) {
    const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    check(
        ::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)),
        "attach a classic program");
}

void attach(const Fd& socket, const Fd& program) {
    const int fd = program.get();
    check(::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &fd, sizeof(fd)),
          "attach a program");
}

Fd attach_lookup(const Namespace& ns, const Fd& program) {
    const Fd target(check(::open(ns.path().c_str(), O_RDONLY | O_CLOEXEC), "open a namespace"));
    bpf_attr attributes{};
    attributes.link_create.prog_fd = program.get();
    attributes.link_create.target_fd = target.get();
    attributes.link_create.attach_type = BPF_SK_LOOKUP;
    return Fd(call(BPF_LINK_CREATE, attributes, "attach a program to a namespace"));
}

} // namespace guest::bpf
