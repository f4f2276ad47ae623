// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * to_pod — what the host's own stack sends to a pod.
 *
 *      host namespace                         ┊   pod namespace
 *                                             ┊
 *     host process ──▶ stack ──▶ [to_pod] ────┊──▶ eth0 ──▶ app
 *                                   │         ┊
 *                                   ▼         ┊
 *                             counted drop    ┊
 *
 * Pods of this node and the network bypass it: from_pod and from_network put
 * their packets straight into the pod. So it sees host processes, kubelet's
 * probes, and replies of the host to pods, some of them through a Service.
 * Promise: the pod sees the address it talked to, and the flow is remembered.
 * Price for a known flow: one hash lookup.
 */
#include "bpf/path/90_deliver.h"

SEC("tc")
int to_pod(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = HOOK_TO_POD};
	struct known known = {};

	/* clang-format off */
	enum verdict verdict =
		parse(skb, &pkt)               ?: /* 10  bytes to pkt                         */
		guard_host(skb, &pkt)          ?: /* 20  the host is trusted, links are left  */
		fragment(skb, &pkt)            ?: /* 25  its ports, if it has none itself     */
		conntrack(skb, &pkt, &known)   ?: /* 30  seen before? then 50-60 stand down   */
		policy(skb, &pkt, &known)      ?: /* 50  may these two talk?                  */
		commit(skb, &pkt, &known)      ?: /* 60  remember the answer                  */
		translate(skb, &pkt, &known);     /* 70  rewrite addresses and ports          */
	/* clang-format on */

	return let_pass(skb, &pkt, verdict, VERDICT_TO_POD); /* 90 */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
