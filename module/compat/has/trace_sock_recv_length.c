// SPDX-License-Identifier: GPL-2.0-only
/* Linux 6.3 ("sock: add tracepoint for send recv length"). */
#include <trace/events/sock.h>

typeof(check_trace_callback_type_sock_recv_length) nta_has;
