/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What user space tells fresh_packet.bpf.c: the packet to make, and how packets
 * of different flows differ. The kernel's repetitions only count up.
 */
#ifndef FAIRLEAD_BENCH_FRESH_PACKET_ABI_H_
#define FAIRLEAD_BENCH_FRESH_PACKET_ABI_H_

#include <linux/types.h>

/* Ethernet, the longer of the IP headers, TCP without options; rounded up. */
#define FRESH_BYTES 80

/* Flow f has the low bits f & 0x7fff and the high bits f >> 15; a port is
 * base + (low & its low_mask) + (high & its high_mask), host order.
 */
#define FRESH_LOW_BITS 15

struct fresh_port {
	__u16 base;
	__u16 low_mask;	 /* 0x7fff if this port carries the low bits, or 0 */
	__u16 high_mask; /* likewise 0xffff */
	__u16 pad;
};

struct fresh_packet {
	__u8 frame[FRESH_BYTES]; /* headers; the ports are overwritten */
	__u32 next;		 /* the next packet's flow is next & mask */
	__u32 mask;
	struct fresh_port source;
	struct fresh_port destination;
};

#endif /* FAIRLEAD_BENCH_FRESH_PACKET_ABI_H_ */
