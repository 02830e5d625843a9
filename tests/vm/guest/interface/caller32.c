// SPDX-License-Identifier: GPL-2.0-only
// A 32-bit caller of the module's getsockopt, without any library: reads orders from standard input
// and writes what the kernel answered to standard output.
enum { sys_exit = 1, sys_read = 3, sys_write = 4, sys_socket = 359, sys_getsockopt = 365 };

static long call(long number, long a, long b, long c, long d, long e) {
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                     : "memory");
    return result;
}

struct order {
    int command;
    unsigned int size;
    unsigned char buffer[128];
};

void _start(void) {
    struct order order;
    const long fd = call(sys_socket, 2 /* AF_INET */, 2 /* SOCK_DGRAM */, 0, 0, 0);
    while (call(sys_read, 0, (long)&order, sizeof(order), 0, 0) == sizeof(order)) {
        order.command = call(sys_getsockopt, fd, 0 /* SOL_IP */, order.command,
                             (long)order.buffer, (long)&order.size);
        call(sys_write, 1, (long)&order, sizeof(order), 0, 0);
    }
    call(sys_exit, 0, 0, 0, 0, 0);
}
