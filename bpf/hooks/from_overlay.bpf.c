// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * from_overlay — what another node has tunnelled to us, unwrapped.
 *
 *     wire ──▶ uplink ──▶ VXLAN device ──▶ [from_overlay] ──▶ local pod
 *                                               │  └────────▶ host stack
 *                                               ▼
 *                                         counted drop
 *
 * Promise: only nodes get anything in here, and each speaks for its own pods and
 * itself. What is for neither a pod of ours nor this node goes nowhere.
 * Price for a known flow: two hash lookups, one of them for the sender. For the
 * host's own traffic: those of from_network and two of prefixes.
 */
#include "bpf/path/90_deliver.h"

SEC("tc")
int from_overlay(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = HOOK_FROM_OVERLAY};
	struct known known = {};

	/* clang-format off */
	enum verdict verdict =
		parse(skb, &pkt)                    ?: /* 10  bytes to pkt                       */
		guard_overlay(skb, &pkt)            ?: /* 20  did a node of ours send it?        */
		fragment(skb, &pkt)                 ?: /* 25  a later one gets its ports         */
		conntrack(skb, &pkt, &known)        ?: /* 30  seen before? then 45-60 stand down */
		outside_service(skb, &pkt, &known)     ?: /* 40  service address to backend      */
		locate_tunnelled(skb, &pkt, &known) ?: /* 45  from its pods, for ours or us?     */
		policy(skb, &pkt, &known)           ?: /* 50  may these two talk?                */
		masquerade_outside(skb, &pkt, &known)       ?: /* 55 a backend elsewhere answers us */
		fit(skb, &pkt, &known)              ?: /* 57  too big for its way, or too old?   */
		commit(skb, &pkt, &known)           ?: /* 60  remember the answer                */
		translate(skb, &pkt, &known)        ?: /* 70  rewrite addresses and ports        */
		route(skb, &pkt, &known);              /* 80  choose the way out                 */
	/* clang-format on */

	return deliver(skb, &pkt, verdict); /* 90  act, count, record */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
