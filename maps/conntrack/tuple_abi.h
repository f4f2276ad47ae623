/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One direction of a conversation, as a packet shows it: the key of
 * flow_index4/6. ICMP echo: a request has the id as source port and 0 as
 * destination port, a reply the other way round, so that reversing works.
 * Protocols without ports have zeros. No include guard: see both_families.h.
 */
struct FAMILY(tuple) {
	struct FAMILY(ip) source;
	struct FAMILY(ip) destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;	       /* IPPROTO_* */
	__u8 pad[3];	       /* explicit: keys are hashed bytewise */
} __attribute__((aligned(8))); /* compared and hashed in words of eight */
FL_ASSERT(sizeof(struct FAMILY(tuple)) == 2 * sizeof(struct FAMILY(ip)) + 8,
	  "tuple has hidden padding");
