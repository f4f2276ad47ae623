/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Uniform choice: a random number scaled to the count, without a division.
 */
#ifndef FAIRLEAD_BPF_CHOOSE_CHOOSE_RANDOM_H_
#define FAIRLEAD_BPF_CHOOSE_CHOOSE_RANDOM_H_

#include "bpf/conntrack/tuples.h"

/* Chance, or under test what the seed and the packet make of it. */
static __always_inline __u32 chance(const struct packet *pkt, __u32 salt)
{
	if (config.test_seed)
		return hash_tuple(&pkt->tuple, config.test_seed + salt) >> 32;
	return bpf_get_prandom_u32();
}

/* Relayed, the choice follows from the packet: whoever has forgotten the flow, which it
 * may be without answers to see, finds its backend again.
 */
static __always_inline bool is_found_again(const struct packet *pkt)
{
	return config.direct_return && (pkt->shape & PACKET_RELAYED);
}

static __always_inline __u32 choose_random(const struct packet *pkt, __u32 count)
{
	__u32 draw = is_found_again(pkt) ? hash_tuple(&pkt->tuple, config.hash_seed) >> 32
					 : chance(pkt, 0);

	return ((__u64)draw * count) >> 32;
}

/* The backend's number at an index in `runs`. */
static __always_inline __u32 number_at(__u32 index)
{
	__u32 *number = bpf_map_lookup_elem(&FAMILY(runs), &index);

	return number ? *number : BACKEND_NONE;
}

#endif /* FAIRLEAD_BPF_CHOOSE_CHOOSE_RANDOM_H_ */
