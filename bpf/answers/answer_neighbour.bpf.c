// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * answer_neighbour — "where is my gateway?" — "here".
 *
 *	pod ──▶ who has 169.254.1.1 / fe80::1 ? ──▶ [from_pod] ──▶ here
 *	pod ◀── the gateway's MAC ──────────────────────────────────┘
 *
 * A pod's only neighbour is its gateway, which exists in this program alone: no
 * bridge, no proxy ARP (RFC 826, RFC 4861). Everything else that belongs to the
 * link ends here.
 */
#include "bpf/answers/ip_reply.h"
#include "bpf/family/neighbour.h"

SEC("tc")
int answer_neighbour(struct __sk_buff *skb)
{
	__u32 reason = answer_gateway(skb);

	return reason ? give_up(skb, reason) : return_to_sender(skb, VERDICT_ANSWERED);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
