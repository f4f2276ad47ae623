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
 * nodes' pods is addressed here.
 */
#include "bpf/path/90_deliver.h"

__stage route_by_tunnel(struct __sk_buff *skb, struct packet *pkt)
{
	struct FAMILY(prefix_key) key = {
		.length = FL_IP_WORDS * 32,
		.address = pkt->tuple.destination,
	};
	struct prefix *prefix;
	struct node *node;

	/* The device has no addresses and resolves none. */
	if ((pkt->shape & PACKET_NEIGHBOUR) || is_link_scope(&pkt->tuple.destination))
		return drop(pkt, DROP_LINK_SCOPE);
	prefix = bpf_map_lookup_elem(&FAMILY(prefixes), &key);
	if (!prefix || !leads_to_node(prefix))
		return drop(pkt, DROP_NO_ROUTE);
	node = bpf_map_lookup_elem(&nodes, &prefix->node);
	if (!node || !node->ifindex || node->way == NODE_NATIVE || !address_inner_frame(skb) ||
	    !write_tunnel(skb, node))
		return drop(pkt, DROP_NO_ROUTE);
	skb->mark = FL_MARK_DONE; /* the outer packet is to_network's, as from_pod's is */
	return CONTINUE;
}

SEC("tc")
int to_overlay(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = HOOK_TO_OVERLAY};

	/* clang-format off */
	enum verdict verdict =
		skb->mark == FL_MARK_DONE ? STOP_PASS :
		parse(skb, &pkt) ?:           /* 10  bytes to pkt               */
		route_by_tunnel(skb, &pkt);   /* 80  which node is it behind?   */
	/* clang-format on */

	return let_pass(skb, &pkt, verdict, VERDICT_TO_NODE); /* 90 */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
