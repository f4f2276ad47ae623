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
 */
#include "bpf/path/90_deliver.h"

__stage guard_leaving(struct __sk_buff *skb, struct packet *pkt)
{
	if ((pkt->shape & PACKET_NEIGHBOUR) ||
	    !bpf_map_lookup_elem(&FAMILY(pod_address), &pkt->tuple.source))
		return CONTINUE;
	/* Inside the cluster pods keep their addresses, whichever way they go. */
	if (!config.masquerade || find_prefix(&pkt->tuple.destination))
		return CONTINUE;
	return drop(pkt, DROP_UNTRANSLATED_SOURCE);
}

SEC("tc")
int to_network(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = HOOK_TO_NETWORK};

	/* clang-format off */
	enum verdict verdict =
		skb->mark == FL_MARK_DONE ? STOP_PASS :
		parse(skb, &pkt) ?:     /* 10  bytes to pkt                            */
		guard_leaving(skb, &pkt); /* 20  no pod leaves under its own address  */
	/* clang-format on */

	return let_pass(skb, &pkt, verdict, VERDICT_PASSED); /* 90 */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
