/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a walk through the stages ends. A stage returns CONTINUE, which is zero,
 * or the reason to stop; 90_deliver turns that into an action.
 */
#ifndef FAIRLEAD_BPF_VERDICT_VERDICT_H_
#define FAIRLEAD_BPF_VERDICT_VERDICT_H_

#include "bpf/family/family.h"
#include "bpf/verdict/tail_calls.bpf.h"

enum verdict {
	CONTINUE = 0,
	STOP_DROP,   /* pkt->reason says why */
	STOP_ANSWER, /* a program in pkt->tail_slot does the rest */
	STOP_PASS,   /* not ours: the host's stack */
	STOP_ROOM,   /* out of order: the reassembly room behind pkt->ifindex */
	STOP_NEXT,   /* the other family's program behind this one */
};

#define __stage static __always_inline enum verdict

static __always_inline enum verdict drop(struct packet *pkt, __u32 reason)
{
	pkt->reason = reason;
	return STOP_DROP;
}

/* Hands the packet to a tail program; `reason` is what it counts. */
static __always_inline enum verdict answer(struct packet *pkt, __u32 slot, __u32 reason)
{
	pkt->tail_slot = slot;
	pkt->reason = reason;
	return STOP_ANSWER;
}

/* What a tail program finds in skb->cb: who sent it here, and why. */
#define CB_HOOK	  0
#define CB_REASON 1
#define CB_MTU	  2 /* of the way that was too narrow */
#define CB_NODE	  3 /* from_overlay: whose tunnel it came by, a slot in nodes */

/* Counts and records; every program of fairlead ends in here. */
static __always_inline int finish(context *skb, __u32 hook, int action, __u32 reason, __u32 ifindex)
{
	__u32 index = FL_COUNTER_INDEX(hook, FAIRLEAD_FAMILY, reason);
	struct counter *counter = bpf_map_lookup_elem(&counters, &index);

	if (counter) {
		counter->packets++;
		counter->bytes += frame_bytes(skb);
	}
	if (config.record_verdicts) {
		__u32 zero = 0;
		struct verdict_record *record = bpf_map_lookup_elem(&last_verdict, &zero);

		if (record) {
			record->hook = hook;
			record->reason = reason;
			record->ifindex = ifindex;
			record->family = FAIRLEAD_FAMILY;
		}
	}
	return action;
}

/* Counts what is worth knowing without being the packet's end. */
static __always_inline void note(struct packet *pkt, __u32 reason)
{
	__u32 index = FL_COUNTER_INDEX(pkt->hook, FAIRLEAD_FAMILY, reason);
	struct counter *counter = bpf_map_lookup_elem(&counters, &index);

	if (counter)
		counter->packets++;
}

#endif /* FAIRLEAD_BPF_VERDICT_VERDICT_H_ */
