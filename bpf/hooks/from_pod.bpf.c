// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * from_pod — whatever a pod sends meets fairlead here first.
 *
 *      pod namespace    ┊   host namespace
 *                       ┊
 *     app ──▶ eth0 ─────┊──▶ veth ──▶ [from_pod] ──▶ local pod
 *                       ┊                  │  ├────▶ uplink: a node, the world
 *                       ┊                  ▼  └────▶ host stack
 *                       ┊            counted drop
 *
 * Promise: a packet that leaves this program carries its final addresses, has
 * been allowed, and is remembered. Later hooks check the mark and add nothing.
 * Price for a known flow: one hash lookup, one rewrite.
 */
#define SPEAKS_FOR_PODS 1
#include "bpf/path/90_deliver.h"

SEC("tc")
int from_pod(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = HOOK_FROM_POD};
	struct known known = {};

	/* CONTINUE is zero: the first stage with an opinion ends the walk. */
	/* clang-format off */
	enum verdict verdict =
		parse(skb, &pkt)               ?: /* 10  bytes to pkt                         */
		guard_pod(skb, &pkt)           ?: /* 20  is the sender who it says it is?     */
		fragment(skb, &pkt)            ?: /* 25  its ports, if it has none itself     */
		conntrack(skb, &pkt, &known)   ?: /* 30  seen before? then 40-60 stand down   */
		service(skb, &pkt, &known)     ?: /* 40  service address to backend           */
		locate(skb, &pkt, &known)      ?: /* 45  whose address is that?               */
		policy(skb, &pkt, &known)      ?: /* 50  may these two talk?                  */
		masquerade(skb, &pkt, &known)  ?: /* 55  who shall it say it is from?         */
		fit(skb, &pkt, &known)         ?: /* 57  too big for its way, or too old?     */
		commit(skb, &pkt, &known)      ?: /* 60  remember the answer                  */
		translate(skb, &pkt, &known)   ?: /* 70  rewrite addresses and ports          */
		route(skb, &pkt, &known);         /* 80  choose the way out                   */
	/* clang-format on */

	return deliver(skb, &pkt, verdict); /* 90  act, count, record */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
