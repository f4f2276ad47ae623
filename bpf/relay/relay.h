/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * relay — a client outside whose backend is on another node is sent on to that node as
 * it is, and answered from there: direct server return. No stage, but what several
 * need for it.
 *
 *	client ──▶ node1:30080 ──▶ [from_network] ──tunnel──▶ [from_overlay] ──▶ pod
 *	client ◀── node1:30080 ──────────── node2's uplink ◀── [from_pod] ◀───────┘
 *
 * The first node chooses a backend, and with it a node; that one chooses among its own
 * and makes an ordinary flow. What goes through the tunnel carries no mark: its source
 * is of the world, and all else in there is from the node that sent it, or dropped
 * (docs/decisions/0024). What came by a tunnel is never relayed.
 * Price: nothing without config.direct_return, the verifier removes it all. With it, first
 * packets only: an LPM lookup more for the client, and the node's entry.
 */
#ifndef FAIRLEAD_BPF_RELAY_RELAY_H_
#define FAIRLEAD_BPF_RELAY_RELAY_H_

#include "bpf/path/20_guard.h"

/* What a tunnel takes of the way's MTU: outer IP, UDP, VXLAN, inner Ethernet. */
#define RELAY_OVERHEAD4 50
#define RELAY_OVERHEAD6 70

/* from_network: the backend's node shall choose. from_overlay: it is left to us. */
static __always_inline bool is_relayed(const struct packet *pkt)
{
	return config.direct_return && (pkt->shape & PACKET_RELAYED);
}

/* To a port of the node that relayed it: we have the same under every address. */
static __always_inline bool is_port_of_relay(const struct packet *pkt)
{
	struct prefix *prefix = find_prefix(&pkt->tuple.destination);

	return prefix && leads_to_node(prefix) && prefix->node == pkt->tunnel_node;
}

/* May the client be relayed? A port of ours only on the address that other nodes know. */
static __always_inline bool may_be_relayed(struct packet *pkt, const struct service *service)
{
	const struct FAMILY(node_state) *node = this_node();

	if (pkt->hook != HOOK_FROM_NETWORK || !(service->flags & SERVICE_RELAYED) || !node ||
	    !node->tunnel_ifindex)
		return false;
	if ((service->flags & SERVICE_ON_HOST) &&
	    !is_same_ip(&pkt->tuple.destination, &node->address))
		return false;
	return is_from_world(pkt);
}

/* The way to the backend's node becomes one by which the packet leaves as it came. */
static __always_inline bool relay(struct packet *pkt)
{
	struct node *node;

	if (pkt->exit != EXIT_NODE)
		return false;
	node = bpf_map_lookup_elem(&nodes, &pkt->exit_target);
	if (!node || !(node->tunnel_remote.word[2] | node->tunnel_remote.word[3]))
		return false;
	pkt->exit = EXIT_RELAY;
	pkt->out = pkt->tuple;
	return true;
}

static __always_inline bool is_way_of_relay(__u32 exit)
{
	return config.direct_return && exit == EXIT_RELAY;
}

/* IPv4 ones are ::ffff:a.b.c.d. */
static __always_inline bool has_ipv6_tunnel(const struct node *node)
{
	return node->tunnel_remote.word[2] != MAPPED_IPV4 ||
	       (node->tunnel_remote.word[0] | node->tunnel_remote.word[1]);
}

/* What the tunnel to the node carries; 0: not known. */
static __always_inline __u32 mtu_of_relay(const struct node *node)
{
	if (!node->mtu || node->way != NODE_NATIVE)
		return node->mtu;
	return node->mtu - (has_ipv6_tunnel(node) ? RELAY_OVERHEAD6 : RELAY_OVERHEAD4);
}

#endif /* FAIRLEAD_BPF_RELAY_RELAY_H_ */
