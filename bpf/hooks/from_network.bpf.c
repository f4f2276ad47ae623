// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * from_network — whatever the wire brings.
 *
 *     wire ──▶ uplink ──▶ [from_network] ──▶ local pod
 *                              │  └────────▶ host stack: all that is no pod's
 *                              ▼
 *                        counted drop
 *
 * Promise: a pod gets what is meant for it with the addresses it expects; what
 * is meant for the host reaches the host untouched.
 * Price for a known flow: one hash lookup. For the host's own traffic: a lookup
 * that misses, a bucket of half_open, a bit of service_ports, and a look at its own
 * address.
 */
#include "bpf/path/90_deliver.h"

SEC("tc")
int from_network(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = HOOK_FROM_NETWORK};
	struct known known = {};

	/* clang-format off */
	enum verdict verdict =
		parse(skb, &pkt)                ?: /* 10  bytes to pkt                       */
		guard_network(skb, &pkt)        ?: /* 20  nobody outside speaks for our pods */
		fragment(skb, &pkt)             ?: /* 25  its ports, if it has none itself   */
		conntrack(skb, &pkt, &known)    ?: /* 30  seen before? then 45-60 stand down */
		outside_service(skb, &pkt, &known) ?: /* 40  service address to backend      */
		locate_outside(skb, &pkt, &known)   ?: /* 45  for a pod of ours, or the host's?  */
		policy(skb, &pkt, &known)       ?: /* 50  may these two talk?                */
		masquerade_outside(skb, &pkt, &known)       ?: /* 55 a backend elsewhere answers us */
		fit(skb, &pkt, &known)          ?: /* 57  too big for its way, or too old?   */
		commit(skb, &pkt, &known)       ?: /* 60  remember the answer                */
		translate(skb, &pkt, &known)    ?: /* 70  rewrite addresses and ports        */
		route(skb, &pkt, &known);          /* 80  choose the way out                 */
	/* clang-format on */

	return deliver(skb, &pkt, verdict); /* 90  act, count, record */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
