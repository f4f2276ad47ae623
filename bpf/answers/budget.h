/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How many ICMP errors a pod, or the wire, is sent: a token bucket as a single
 * number, the time at which all answers given so far are paid for. It may run
 * ahead of the clock by as much as a burst costs.
 *
 * Races. Two CPUs that read the same number both answer and pay once: a burst
 * may be longer by as many answers as there are CPUs.
 */
#ifndef FAIRLEAD_BPF_ANSWERS_BUDGET_H_
#define FAIRLEAD_BPF_ANSWERS_BUDGET_H_

#include "bpf/verdict/verdict.h"

/* ns that an answer costs, and how many may be owed for. */
#define POD_ANSWER_COST	 10000000 /* a hundred in a second */
#define POD_BURST	 50
#define WIRE_ANSWER_COST 1000000
#define WIRE_BURST	 500

/* Pays for an answer; false if there is no credit left. */
static __always_inline bool pay_for_answer(__u32 hook, __u32 ifindex)
{
	bool is_pod = hook == HOOK_FROM_POD;
	__u32 index = is_pod ? ifindex - FL_POD_IFINDEX_BASE : FL_BUDGET_OF_WIRE;
	__u64 cost = is_pod ? POD_ANSWER_COST : WIRE_ANSWER_COST;
	__u64 credit = cost * ((is_pod ? POD_BURST : WIRE_BURST) - 1);
	__u64 now = bpf_ktime_get_ns();
	__u64 *paid_at = bpf_map_lookup_elem(&answer_budgets, &index);
	__u64 start;

	if (!paid_at)
		return false;
	start = *paid_at > now ? *paid_at : now;
	if (start - now > credit)
		return false;
	*paid_at = start + cost;
	return true;
}

#endif /* FAIRLEAD_BPF_ANSWERS_BUDGET_H_ */
