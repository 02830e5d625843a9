/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_UDP_END_H
#define _NTA_UDP_END_H

void nta_udp_end_look(void);
void nta_udp_end_teardown(void);

#endif /* _NTA_UDP_END_H */
