// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * answer_unreachable — a Service without endpoints refuses at once.
 *
 *	pod ──▶ VIP:80 ──▶ [from_pod] ─ no backend ─▶ [answer_unreachable]
 *	pod ◀── ICMP port unreachable, from the VIP ──────────┘
 *
 * The client's socket reports "connection refused" instead of waiting for a
 * timeout (RFC 792, RFC 4443). TCP is refused by answer_tcp_reset.
 */
#include "bpf/answers/icmp_error.h"

SEC("tc")
int answer_unreachable(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = HOOK_FROM_POD};
	struct icmp_error error = {.type = UNREACHABLE, .code = PORT_UNREACHABLE};
	__u32 reason = skb->cb[CB_REASON];

	/* Nobody is told about a later fragment (RFC 1122, RFC 4443). */
	if (skb->cb[CB_HOOK] != HOOK_FROM_POD || parse(skb, &pkt) || (pkt.shape & PACKET_LATER) ||
	    !become_error(skb, &pkt, &pkt.tuple.destination, &error))
		return give_up(skb, reason);
	return return_to_sender(skb, reason);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
