/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * jump_to(): leave for the program of a rare case. Returns only if there is
 * none, and the caller counts that as a drop.
 */
#ifndef FAIRLEAD_BPF_VERDICT_TAIL_CALL_H_
#define FAIRLEAD_BPF_VERDICT_TAIL_CALL_H_

#include "bpf/verdict/verdict.h"

static __always_inline void jump_to(struct __sk_buff *skb, struct packet *pkt)
{
	skb->cb[CB_HOOK] = pkt->hook;
	skb->cb[CB_REASON] = pkt->reason;
	bpf_tail_call(skb, &FAMILY(tail_calls), pkt->tail_slot);
}

#endif /* FAIRLEAD_BPF_VERDICT_TAIL_CALL_H_ */
