/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Least connections: of two backends at random, the one that has fewer flows of this
 * node for its weight. Two are nearly as good as all, and do not send every client of
 * a burst to the same one (Mitzenmacher, "The power of two choices").
 *
 * Flows are counted when they become objects, not when they are chosen for: choices
 * within the first round trip of each other do not see one another. Counts are of
 * this node, other nodes have their own. Counts change: a relayed client, whose backend
 * has to be found again, gets a random one.
 *
 * Price: for the second backend an array lookup, for each of both its count and its
 * weight.
 */
#ifndef FAIRLEAD_BPF_CHOOSE_CHOOSE_LEAST_H_
#define FAIRLEAD_BPF_CHOOSE_CHOOSE_LEAST_H_

#include "bpf/choose/choose_random.h"

static __always_inline __u32 flows_of(__u32 number)
{
	__u32 *flows = bpf_map_lookup_elem(&FAMILY(backend_flows), &number);

	/* Below zero: see conntrack/backend_flows.h. */
	return flows && (__s32)*flows > 0 ? *flows : 0;
}

static __always_inline __u32 weight_of(__u32 number)
{
	struct FAMILY(backend) *backend = bpf_map_lookup_elem(&FAMILY(backends), &number);

	return backend ? backend->weight : 0;
}

/* The number of one of the `count` backends of the run at `first`. */
static __always_inline __u32 choose_least(const struct packet *pkt, __u32 first, __u32 count)
{
	__u32 index = choose_random(pkt, count);
	__u32 one = number_at(first + index);
	__u32 other;

	if (count < 2 || is_found_again(pkt))
		return one;
	/* Any but the first one. */
	index += 1 + (__u32)(((__u64)chance(pkt, 1) * (count - 1)) >> 32);
	other = number_at(first + (index < count ? index : index - count));
	return (__u64)flows_of(other) * weight_of(one) < (__u64)flows_of(one) * weight_of(other)
		       ? other
		       : one;
}

#endif /* FAIRLEAD_BPF_CHOOSE_CHOOSE_LEAST_H_ */
