// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * answer_unreachable — a Service without endpoints refuses at once.
 *
 *	client ──▶ VIP:53 ──▶ [from_pod] ─ no backend ─▶ [answer_unreachable]
 *	client ◀── ICMP port unreachable, from the VIP ──────────┘
 *
 * The client's socket reports "connection refused" instead of waiting for a
 * timeout (RFC 792, RFC 4443). TCP is refused by answer_tcp_reset.
 */
#include "bpf/answers/icmp_error.h"

SEC("tc")
int answer_unreachable(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = skb->cb[CB_HOOK] & FL_HOOK_MASK};
	struct icmp_error error = {.type = UNREACHABLE, .code = PORT_UNREACHABLE};
	__u32 reason = skb->cb[CB_REASON];

	/* Nobody is told about a later fragment (RFC 1122, RFC 4443). */
	if (parse(skb, &pkt) || (pkt.shape & PACKET_LATER))
		return give_up(skb, reason);
	if (pkt.hook != HOOK_FROM_POD && pkt.hook != HOOK_FROM_GUEST &&
	    !pay_for_answer(pkt.hook, skb->ifindex)) {
		note(&pkt, VERDICT_UNANSWERED);
		return give_up(skb, reason);
	}
	if (!become_error(skb, &pkt, &pkt.tuple.destination, &error))
		return give_up(skb, reason);
	return send_reply(skb, pkt.hook, reason);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
