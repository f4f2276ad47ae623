/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * half_open4/6: flows that have not proved to be conversations. A small array
 * of buckets, four entries each, found by a seeded hash of the tuple; a flow
 * is entered twice, by the tuple of either side. Lossy on purpose: a flood
 * overwrites other half-open flows and nothing else. No include guard: see
 * both_families.h.
 */
struct FAMILY(half_open) {
	struct FAMILY(tuple) tuple;   /* packets of this side, as received */
	struct FAMILY(tuple) reverse; /* packets of the other side, as received */
	__u32 stamp;		      /* jiffies|1 of the last packet; 0 empty, 2 being written */
	__u32 hash;		      /* of the tuple: says which bucket, and most often who not */
	__u32 backend;		      /* number in backends, or BACKEND_NONE */
	__u32 backend_generation;
	__u8 flags;	   /* HALF_OPEN_* */
	__u8 window_scale; /* TCP: shift that the first packet announced */
	__u16 pad;
	__u32 policy_epoch; /* in which the first packet was judged */
	__u32 uplink_epoch; /* in which the source was masqueraded */
	__u32 pad2;	    /* IPv4: 64 bytes, a cache line */
};
FL_ASSERT(sizeof(struct FAMILY(half_open)) == (FL_IP_WORDS == 1 ? 64 : 112),
	  "half_open has hidden padding");

#ifndef FAIRLEAD_HALF_OPEN_ABI_ONCE
#define FAIRLEAD_HALF_OPEN_ABI_ONCE
#define HALF_OPEN_WAYS 4
#define STAMP_EMPTY    0
#define STAMP_BUSY     2
#endif

struct FAMILY(half_open_bucket) {
	struct FAMILY(half_open) way[HALF_OPEN_WAYS];
};
