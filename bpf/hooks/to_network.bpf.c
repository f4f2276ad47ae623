// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * to_network — whatever leaves for the wire.
 *
 *     from_pod ──(mark)──▶ [to_network] ──▶ uplink ──▶ wire
 *     host stack ────────▶      │
 *                               ▼
 *                         counted drop
 *
 * from_pod has finished its packets and marked them: they pass at the price of
 * a comparison. What the host's stack sends passes, too, unless it carries a
 * pod's address: then it went round from_pod, and nobody has translated it.
 * What a process of the host answers as a Service's backend gets the address
 * that the client has asked; one array read tells all other packets that they
 * are no such answer.
 */
#include "bpf/path/90_deliver.h"

SEC("tc")
int to_network(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = HOOK_TO_NETWORK};
	struct known known = {};

	/* clang-format off */
	enum verdict verdict =
		skb->mark == FL_MARK_DONE ? STOP_PASS :
		parse(skb, &pkt)                 ?: /* 10  bytes to pkt                         */
		guard_leaving(skb, &pkt)         ?: /* 20  no pod's; perhaps a Service's answer? */
		fragment(skb, &pkt)              ?: /* 25  its ports, if it has none itself     */
		conntrack(skb, &pkt, &known)     ?: /* 30  a Service's answer?                  */
		locate_answer(skb, &pkt, &known) ?: /* 45  if not, it is the host's alone       */
		policy(skb, &pkt, &known)        ?: /* 50  may these two talk?                  */
		commit(skb, &pkt, &known)        ?: /* 60  remember the answer                  */
		translate(skb, &pkt, &known);       /* 70  rewrite addresses and ports          */
	/* clang-format on */

	return let_pass(skb, &pkt, verdict, VERDICT_TO_WORLD); /* 90 */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
