// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * to_overlay — whatever leaves in a tunnel.
 *
 *     from_pod ──(mark)──▶ [to_overlay] ──▶ VXLAN device ──▶ uplink ──▶ wire
 *     host stack ────────▶      │
 *                               ▼
 *                         counted drop
 *
 * from_pod has addressed its packets to a node and marked them: they pass at the
 * price of a comparison. What the host's stack sends by its routes to other
 * nodes' pods is addressed here; what a process of the host answers as a Service's
 * backend gets the address that the client has asked, as in to_network.
 */
#include "bpf/path/90_deliver.h"

SEC("tc")
int to_overlay(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = HOOK_TO_OVERLAY};
	struct known known = {};

	/* clang-format off */
	enum verdict verdict =
		skb->mark == FL_MARK_DONE ? STOP_PASS :
		parse(skb, &pkt)                 ?: /* 10  bytes to pkt                     */
		guard_answer(skb, &pkt)          ?: /* 20  perhaps a Service's answer?      */
		fragment(skb, &pkt)              ?: /* 25  its ports, if it has none itself */
		conntrack(skb, &pkt, &known)     ?: /* 30  a Service's answer?              */
		locate_answer(skb, &pkt, &known) ?: /* 45  if not, it stays as it is        */
		policy(skb, &pkt, &known)        ?: /* 50  may these two talk?              */
		commit(skb, &pkt, &known)        ?: /* 60  remember the answer              */
		translate(skb, &pkt, &known);       /* 70  rewrite addresses and ports      */
	if (skb->mark != FL_MARK_DONE && (verdict == CONTINUE || verdict == STOP_PASS))
		verdict = route_by_tunnel(skb, &pkt, &pkt.tuple.destination); /* 80  which node is it behind? */
	/* clang-format on */

	return let_pass(skb, &pkt, verdict, VERDICT_TO_NODE); /* 90 */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
