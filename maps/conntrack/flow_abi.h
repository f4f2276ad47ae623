/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flows4/6: an established conversation. One object for both directions; each
 * side has its own cache lines, because the two directions usually run on
 * different CPUs, and holds all that a packet of that side needs.
 *
 * The keys of a flow in flow_index follow from it: packets of one side arrive
 * as the reverse of what packets of the other side leave as.
 *
 * Written by the program that forwards the side's packets; the daemon only
 * reads, and releases the object when it has expired. No include guard: see
 * both_families.h.
 */
struct FAMILY(flow_side) {
	__u32 generation;   /* of the object; both sides carry the same */
	__u32 last_seen;    /* jiffies|1; 0: the object is free */
	__u32 policy_epoch; /* in which these packets were judged */
	__u32 backend;	    /* origin side: number in backends, or BACKEND_NONE */
	__u32 backend_generation;
	__u32 exit_target;     /* what it means depends on exit */
	__u32 exit_generation; /* of the pod or node it leads to; uplinks: their epoch */
	__u32 acked;	       /* TCP: last acknowledgement this side sent */
	__u32 window;	       /* TCP: bytes it accepts from there on, scaled */
	__u32 packets;	       /* approximate: not added atomically */
	__u8 exit;	       /* EXIT_* */
	__u8 flags;	       /* FLOW_* */
	__u8 protocol;
	__u8 window_scale;     /* TCP: shift this side announced */
	__sum16 address_delta; /* what the addresses add to a checksum */
	__sum16 l4_delta;      /* addresses, if the protocol covers them, and ports */
	__be16 source_port;    /* what a packet of this side leaves with */
	__be16 destination_port;
	struct FAMILY(ip) source;
	struct FAMILY(ip) destination;
	__u32 created; /* jiffies */
#if FAIRLEAD_FAMILY == 6
	__u32 pad[10]; /* 128 bytes: two cache lines */
#endif
};
FL_ASSERT(sizeof(struct FAMILY(flow_side)) == (FL_IP_WORDS == 1 ? 64 : 128),
	  "a side of a flow does not fill its cache lines");

struct FAMILY(flow) {
	struct FAMILY(flow_side) side[2];
};
