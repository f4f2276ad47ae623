// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * from_guest — whatever a pod of another network sends (--mode proxy).
 *
 *      pod namespace    ┊   host namespace
 *                       ┊
 *     app ──▶ eth0 ─────┊──▶ veth ──▶ [from_guest] ──▶ bridge, host stack
 *                 ▲     ┊                  │
 *                 └─────┊──────────────────┘ a Service led it to itself
 *
 * Promise: a packet to a Service goes on to one of its backends, as if the pod had
 * meant that. All else is the other network's and passes untouched.
 * Price for a known flow: one hash lookup, one rewrite. For what is no Service's: a
 * lookup that misses, a bucket of half_open, a bit of service_ports; whose destination
 * it is, of what is not TCP or begins a connection.
 */
#include "bpf/path/90_deliver.h"

SEC("tc")
int from_guest(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = HOOK_FROM_GUEST};
	struct known known = {};

	/* clang-format off */
	enum verdict verdict =
		parse(skb, &pkt)                    ?: /* 10  bytes to pkt                         */
		guard_host(skb, &pkt)               ?: /* 20  what stays on its link is left       */
		fragment(skb, &pkt)                 ?: /* 25  its ports, if it has none itself     */
		conntrack(skb, &pkt, &known)        ?: /* 30  seen before? then 40-60 stand down   */
		service(skb, &pkt, &known)          ?: /* 40  service address to backend           */
		locate_guest(skb, &pkt, &known)     ?: /* 45  no Service's? then it is not ours    */
		masquerade_guest(skb, &pkt, &known) ?: /* 55  to itself, it comes from the node    */
		commit(skb, &pkt, &known)           ?: /* 60  remember the answer                  */
		translate(skb, &pkt, &known)        ?: /* 70  rewrite addresses and ports          */
		route_guest(skb, &pkt, &known);        /* 80  to the host's stack, or back         */
	/* clang-format on */

	return deliver(skb, &pkt, verdict); /* 90  act, count, record */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
