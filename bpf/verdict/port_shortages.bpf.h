/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * port_shortages: for whom no source port was found in this tick. Who asks for
 * another of the same is refused after a few tries, so that a flood to one
 * destination costs little more than any other first packet.
 */
#ifndef FAIRLEAD_BPF_VERDICT_PORT_SHORTAGES_BPF_H_
#define FAIRLEAD_BPF_VERDICT_PORT_SHORTAGES_BPF_H_

#include "bpf/conntrack/tuples.h"

#define PORT_SHORTAGES 64

struct port_shortage {
	__u32 pool; /* the ports of one address towards one destination: its hash */
	__u32 tick;
};

/*
 * Written by: 55_masquerade
 * Read by:    55_masquerade
 * Lives:      as long as the program
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 64); /* PORT_SHORTAGES */
	__type(key, __u32);
	__type(value, struct port_shortage);
} FAMILY(port_shortages) SEC(".maps");

/* The entry for the ports that pkt->out could have, which may be of others still. Takes the port
 * that was tried last out of pkt->out, and tells their pool.
 */
static __always_inline struct port_shortage *shortage_of(struct packet *pkt, __u32 *pool)
{
	__u32 slot;

	pkt->out.source_port = 0;
	*pool = hash_tuple(&pkt->out, config.hash_seed);
	slot = *pool % PORT_SHORTAGES;
	return bpf_map_lookup_elem(&FAMILY(port_shortages), &slot);
}

static __always_inline bool is_short_of_ports(struct packet *pkt)
{
	__u32 pool;
	struct port_shortage *shortage = shortage_of(pkt, &pool);

	return shortage && shortage->pool == pool && shortage->tick == pkt->now;
}

static __always_inline void note_port_shortage(struct packet *pkt)
{
	__u32 pool;
	struct port_shortage *shortage = shortage_of(pkt, &pool);

	if (shortage)
		*shortage = (struct port_shortage){.pool = pool, .tick = pkt->now};
}

#endif /* FAIRLEAD_BPF_VERDICT_PORT_SHORTAGES_BPF_H_ */
