/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * wire_hops: to whom from_wire sent last, and how the frame was addressed. An entry
 * is believed in the tick in which it was written, so nobody has to take it back, and
 * the kernel's routes and neighbours are asked once per tick, CPU and destination.
 */
#ifndef FAIRLEAD_BPF_VERDICT_WIRE_HOPS_BPF_H_
#define FAIRLEAD_BPF_VERDICT_WIRE_HOPS_BPF_H_

#include "bpf/family/family.h"
#include "bpf/packet/packet.h"

#define WIRE_HOPS_BITS 6

struct FAMILY(wire_hop) {
	struct FAMILY(ip) address; /* whose neighbour entry or route it is */
	struct FAMILY(ip) source;  /* rules may look at it */
	__u32 ifindex;
	__u32 tick;
	__u16 to[3], from[3]; /* MAC addresses */
};

/*
 * Written by: from_wire
 * Read by:    from_wire
 * Lives:      as long as the program
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 64); /* 2 to the WIRE_HOPS_BITS */
	__type(key, __u32);
	__type(value, struct FAMILY(wire_hop));
} FAMILY(wire_hops) SEC(".maps");

/* The entry for this way, which may be of another one still. */
static __always_inline struct FAMILY(wire_hop) *
	hop_of(const struct packet *pkt, const struct FAMILY(ip) * address)
{
	__u32 slot = address->word[FL_IP_WORDS - 1] ^ pkt->out.source.word[FL_IP_WORDS - 1];

	slot = slot * 2654435761u >> (32 - WIRE_HOPS_BITS); /* Knuth's: all bits count */
	return bpf_map_lookup_elem(&FAMILY(wire_hops), &slot);
}

static __always_inline bool is_hop_to(const struct FAMILY(wire_hop) * hop, const struct packet *pkt,
				      const struct FAMILY(ip) * address)
{
	return hop->tick == pkt->now && hop->ifindex == pkt->ifindex &&
	       is_same_ip(&hop->address, address) && is_same_ip(&hop->source, &pkt->out.source);
}

#endif /* FAIRLEAD_BPF_VERDICT_WIRE_HOPS_BPF_H_ */
