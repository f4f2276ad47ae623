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

/* Which ports pkt->out could have. */
static __always_inline __u32 pool_of(struct packet *pkt)
{
	pkt->out.source_port = 0;
	return hash_tuple(&pkt->out, config.hash_seed);
}

static __always_inline bool is_short_of_ports(const struct packet *pkt, __u32 pool)
{
	__u32 slot = pool % PORT_SHORTAGES;
	struct port_shortage *shortage = bpf_map_lookup_elem(&FAMILY(port_shortages), &slot);

	return shortage && shortage->pool == pool && shortage->tick == pkt->now;
}

static __always_inline void note_port_shortage(const struct packet *pkt, __u32 pool)
{
	__u32 slot = pool % PORT_SHORTAGES;
	struct port_shortage *shortage = bpf_map_lookup_elem(&FAMILY(port_shortages), &slot);

	if (shortage)
		*shortage = (struct port_shortage){.pool = pool, .tick = pkt->now};
}

#endif /* FAIRLEAD_BPF_VERDICT_PORT_SHORTAGES_BPF_H_ */
